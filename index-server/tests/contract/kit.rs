//! A running index with an HTTP client, and the few calls that every test makes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use index_server::config::{Config, JournalChoice};
use index_server::server::Server;
use reqwest::{Client, Method, Response, StatusCode, redirect};
use serde_json::{Value, json};

use crate::document::{self, Answer};

/// Longest wait for something that must happen: generous, since a failure alone pays for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Lab {
    pub server: Server,
    pub client: Client,
}

/// A peer without a key, and its one file where it has one.
pub struct Peer {
    pub id: String,
}

impl Lab {
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::in_folder("/nowhere".into());
        config.listen = "127.0.0.1:0".parse().expect("an address");
        config.journal = JournalChoice::Memory;
        config.announce = false;
        change(&mut config);
        Self {
            server: Server::start(config).await.expect("the index starts"),
            client: client(),
        }
    }

    pub fn addr(&self) -> SocketAddr {
        self.server.local_addr()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr())
    }

    /// Sends a call; the answer keeps the published document, or the test ends.
    pub async fn send(
        &self,
        method_name: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let method = Method::from_bytes(method_name.as_bytes()).expect("a method");
        let mut request = self.client.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body.to_owned()).send().await;
        judged(method_name, path, response.expect("an answer")).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let response = self.send("GET", path, &[], "").await;
        assert_eq!(response.status(), StatusCode::OK, "GET {path}");
        response.json().await.expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.client.post(self.url(path)).json(body).send().await;
        let response = judged("POST", path, response.expect("an answer")).await;
        let status = response.status();
        let text = response.text().await.expect("a body");
        assert_eq!(status, StatusCode::OK, "POST {path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub async fn peer(&self, name: &str, port: u16) -> Peer {
        let body = json!({"name": name, "port": port, "shared_files": 0});
        let answer = self.post("/api/v1/peers/register", &body).await;
        Peer {
            id: text(&answer["id"]),
        }
    }

    /// Registers a file whose content follows from `content`; yields its id.
    pub async fn share(&self, peer: &Peer, path: &str, content: &str) -> String {
        let body = json!({
            "filename": path.rsplit('/').next(), "path": path, "size": content.len(),
            "hash": hash(content), "owner": peer.id,
        });
        text(&self.post("/api/v1/files/register", &body).await["id"])
    }
}

/// The same answer, read and held against the published document.
async fn judged(method: &str, path: &str, response: Response) -> Response {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.expect("the whole answer");
    document::check(&Answer {
        method,
        path,
        status: status.as_u16(),
        headers: &headers,
        body: &body,
    });
    let mut whole = http::Response::new(body);
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    whole.into()
}

pub fn client() -> Client {
    client_from("127.0.0.1")
}

/// A client whose connections come from this address of the machine.
pub fn client_from(address: &str) -> Client {
    let address: IpAddr = address.parse().expect("an address");
    Client::builder()
        .local_address(Some(address).filter(|address| *address != Ipv4Addr::LOCALHOST))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

pub fn hash(content: &str) -> String {
    protocol::hash::ContentHash::of(content.as_bytes()).to_string()
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
