//! One request to the index and what became of it: timers, bounded answers, problems in words.
//!
//! Knows HTTP; knows no meaning of any call.

use std::time::Duration;

use protocol::problem::Problem;
use protocol::search::SearchParams;
use reqwest::{Body, Client, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{IndexError, IndexUrl};

/// Until the index has accepted a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(5);
/// A whole call but a batch.
const CALL_WAIT: Duration = Duration::from_secs(20);
/// A batch: five thousand lines are made durable in well under a second; a busy index may queue it.
const BATCH_WAIT: Duration = Duration::from_mins(2);
/// An answer: a lookup of 1,000 contents with a hundred holders each is 30 MiB.
const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;
/// An index that wants to be left alone for longer than this is asked again all the same.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(1);
/// Kept connections: short of the 60 s after which an index closes them.
const IDLE_WAIT: Duration = Duration::from_secs(45);

/// The HTTP client for calls to an index: no redirects, no proxies.
pub(super) fn client() -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("peer-tui/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_WAIT)
        .pool_idle_timeout(IDLE_WAIT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .build()
}

/// A request in the making.
pub(super) struct Call<'a> {
    client: &'a Client,
    index: &'a IndexUrl,
    url: reqwest::Url,
    method: Method,
    headers: Vec<(&'static str, String)>,
    body: Option<(&'static str, Body)>,
    wait: Duration,
}

impl<'a> Call<'a> {
    pub(super) fn new(client: &'a Client, index: &'a IndexUrl, method: Method, path: &str) -> Self {
        Self {
            client,
            index,
            url: index.at(path),
            method,
            headers: Vec::new(),
            body: None,
            wait: CALL_WAIT,
        }
    }

    pub(super) fn header(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
    }

    pub(super) fn param(&mut self, name: &str, value: &str) {
        self.url.query_pairs_mut().append_pair(name, value);
    }

    pub(super) fn body(mut self, body: &impl Serialize) -> Self {
        // The contract's own types always serialise; should one not, the index says what is wrong.
        let bytes = serde_json::to_vec(body).unwrap_or_default();
        self.body = Some(("application/json", bytes.into()));
        self
    }

    pub(super) fn lines(mut self, body: Body) -> Self {
        self.body = Some(("application/x-ndjson", body));
        self.wait = BATCH_WAIT;
        self
    }

    /// Sends it and reads the answer.
    pub(super) async fn json<T: DeserializeOwned>(self) -> Result<T, IndexError> {
        let index = self.index;
        let answer = self.send().await?;
        serde_json::from_slice(&answer).map_err(|error| IndexError::Unexpected {
            url: index.to_string(),
            reason: error.to_string(),
        })
    }

    /// Sends it; the answer says nothing more.
    pub(super) async fn done(self) -> Result<(), IndexError> {
        self.send().await.map(|_| ())
    }

    async fn send(self) -> Result<Vec<u8>, IndexError> {
        let index = self.index;
        let mut request: RequestBuilder = self.client.request(self.method, self.url);
        request = request.timeout(self.wait);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some((kind, body)) = self.body {
            request = request.header("content-type", kind).body(body);
        }
        let unreachable = |error: reqwest::Error| IndexError::Unreachable {
            url: index.to_string(),
            reason: in_words(&error),
        };
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let retry_after = retry_after(&response);
        let answer = read(response).await.map_err(unreachable)?;
        let answer = answer.ok_or_else(|| IndexError::Unexpected {
            url: index.to_string(),
            reason: format!("more than {ANSWER_MAX_BYTES} bytes"),
        })?;
        if status.is_success() {
            return Ok(answer);
        }
        match (serde_json::from_slice::<Problem>(&answer), retry_after) {
            (Ok(problem), Some(retry_after)) => Err(IndexError::Busy {
                problem,
                retry_after,
            }),
            (Ok(problem), None) => Err(IndexError::Refused(problem)),
            (Err(_), _) => Err(IndexError::Unexpected {
                url: index.to_string(),
                reason: format!("HTTP status {status}: is this an index?"),
            }),
        }
    }
}

/// For how long an index that refuses wants to be left alone; only of statuses that pass.
fn retry_after(response: &Response) -> Option<Duration> {
    if ![429, 503].contains(&response.status().as_u16()) {
        return None;
    }
    let seconds = response.headers().get("retry-after")?.to_str().ok()?;
    let seconds = Duration::from_secs(seconds.parse().ok()?);
    Some(seconds.min(RETRY_AFTER_MAX))
}

/// The whole body; `None` when it is longer than any answer may be.
async fn read(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// The query string of a search; what is at its default is left out.
pub(super) fn search_params(call: &mut Call<'_>, params: &SearchParams) {
    let defaults = SearchParams::default();
    call.param("q", &params.q);
    if !params.tags.is_empty() {
        call.param("tags", &params.tags.join(","));
    }
    call.param("limit", &params.limit.to_string());
    if params.sort != defaults.sort {
        call.param("sort", &word(&params.sort));
    }
    if params.online != defaults.online {
        call.param("online", &params.online.to_string());
    }
    if params.collapse != defaults.collapse {
        call.param("collapse", &params.collapse.to_string());
    }
    let optional = [
        ("category", params.category.as_ref().map(word)),
        ("order", params.order.as_ref().map(word)),
        ("cursor", params.cursor.clone()),
        ("min_size", params.min_size.map(|bytes| bytes.to_string())),
        ("max_size", params.max_size.map(|bytes| bytes.to_string())),
        ("hash", params.hash.map(|hash| hash.to_string())),
        ("owner", params.owner.map(|owner| owner.to_string())),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            call.param(name, &value);
        }
    }
}

/// The word that a value is on the wire (`upload_time`).
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// What a person should read of a failed request: the innermost cause.
pub(super) fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        if let Some(io) = inner.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return "connection refused (nothing listens there)".to_owned();
        }
        cause = inner;
    }
    cause.to_string()
}
