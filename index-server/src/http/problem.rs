//! The only place where a refusal becomes a status: `application/problem+json` (RFC 9457).
//!
//! Must not know which call was refused.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use protocol::door;
use protocol::json;
use protocol::problem::{Problem, Slug};
use warp::reply::Response;

use crate::catalog::CursorError;
use crate::command::Refusal;

/// Calls that were refused together come back over so many seconds.
const RETRY_SPREAD_SECS: u64 = 4;

/// A wait of those who are refused together, another one each time.
pub(super) fn spread_secs() -> u64 {
    rand::random_range(1..=RETRY_SPREAD_SECS)
}

/// Seconds after which a caller may try again, for the refusals that pass by themselves.
fn retry_after_secs(slug: Slug) -> Option<u64> {
    match slug {
        // One heartbeat: the soonest that a holder can be back.
        Slug::NoSourceOnline => Some(30),
        // Where the wait is not known.
        Slug::RateLimited => Some(1),
        Slug::NotReady | Slug::Overloaded | Slug::Busy => Some(spread_secs()),
        Slug::ShuttingDown => Some(4 + spread_secs()),
        _ => None,
    }
}

/// The answer that tells of a refusal.
pub fn respond(refusal: &Refusal) -> Response {
    let mut problem = Problem::new(refusal.slug, refusal.detail.clone());
    problem.pointer.clone_from(&refusal.pointer);
    let body = json::escaped(serde_json::to_vec(&problem).unwrap_or_default());
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(refusal.slug.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let known = refusal.retry_after_secs;
    if let Some(secs) = known.or_else(|| retry_after_secs(refusal.slug)) {
        headers.insert(RETRY_AFTER, secs.into());
    }
    if refusal.slug == Slug::UpgradeRequired {
        door::ask_for_socket(headers);
    }
    if refusal.slug.status() == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Nothing stands at this path.
pub fn not_found() -> Response {
    respond(&Refusal::new(
        Slug::NotFound,
        "no call of the contract has this path; see / for what this is",
    ))
}

/// The path is right, the method is not.
pub fn method_not_allowed(method: &Method, allow: HeaderValue) -> Response {
    let allowed = allow.to_str().unwrap_or_default().to_owned();
    let mut response = respond(&Refusal::new(
        Slug::MethodNotAllowed,
        format!("this path takes {allowed}, not {method}"),
    ));
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// A handler panicked; what went wrong stands in the log, not in the answer.
pub fn internal() -> Response {
    respond(&Refusal::new(
        Slug::Internal,
        "the index failed to answer this; its log says more",
    ))
}

/// A field of the body that breaks a rule.
pub fn invalid_field(pointer: impl Into<String>, detail: impl Into<String>) -> Refusal {
    Refusal::new(Slug::InvalidField, detail).at(pointer)
}

/// A parameter of the query string that does not parse.
pub fn invalid_parameter(name: &str, detail: impl Into<String>) -> Refusal {
    Refusal::new(Slug::InvalidParameter, detail).at(name)
}

impl From<CursorError> for Refusal {
    fn from(error: CursorError) -> Self {
        invalid_parameter("cursor", error.to_string())
    }
}
