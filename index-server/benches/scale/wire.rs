//! A kept HTTP/1.1 connection that costs next to nothing, so that the figures are the server's.

use std::net::SocketAddr;

use memchr::memmem;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection, one request at a time.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    addr: SocketAddr,
    buffer: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer<'w> {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: &'w [u8],
}

impl Answer<'_> {
    /// The JSON of an answer that must be 200.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(self.body);
        assert_eq!(self.status, 200, "{text}");
        serde_json::from_slice(self.body).expect("JSON")
    }
}

impl Wire {
    /// A connection to `addr`.
    pub async fn open(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            addr,
            buffer: Vec::with_capacity(64 * 1024),
        }
    }

    /// A GET.
    pub async fn get(&mut self, path: &str) -> Answer<'_> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.addr);
        self.exchange(request.as_bytes()).await
    }

    /// A POST of JSON or lines of it, in the name of `peer` where there is one.
    pub async fn post(&mut self, path: &str, kind: &str, peer: &str, body: &[u8]) -> Answer<'_> {
        let speaks = if peer.is_empty() {
            String::new()
        } else {
            format!("x-peer-id: {peer}\r\n")
        };
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {kind}\r\n{speaks}content-length: \
             {}\r\n\r\n",
            self.addr,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.exchange(&request).await
    }

    /// Registers a peer without a key; yields its id.
    pub async fn register(&mut self, name: &str, port: u16) -> String {
        let body = format!(r#"{{"name":"{name}","port":{port},"shared_files":0}}"#);
        let path = "/api/v1/peers/register";
        let answer = self.post(path, "application/json", "", body.as_bytes());
        let answer = answer.await.json();
        answer["id"].as_str().expect("an id").to_owned()
    }

    async fn exchange(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.write_all(request).await.expect("sent");
        self.buffer.clear();
        let (head, length) = loop {
            let count = self.stream.read_buf(&mut self.buffer).await.expect("read");
            assert!(count > 0, "the server hung up");
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break (end + 4, content_length(&self.buffer[..end]));
            }
        };
        while self.buffer.len() < head + length {
            let count = self.stream.read_buf(&mut self.buffer).await.expect("read");
            assert!(count > 0, "the server hung up");
        }
        let status = std::str::from_utf8(&self.buffer[9..12]).expect("a status");
        Answer {
            status: status.parse().expect("a status"),
            body: &self.buffer[head..head + length],
        }
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name == "content-length").then(|| value.trim().parse().ok())?
    });
    length.unwrap_or(0)
}
