//! What is said to those whose requests cannot even be read.

use std::io::{Read as _, Write as _};

use protocol::hash::ContentHash;
use protocol::problem::Problem;

use super::kit::{Kit, Partials};

/// The answer to these bytes: its head and its body.
async fn said(kit: &Kit, sent: Vec<u8>) -> (String, Vec<u8>) {
    let address = kit.serve.local_addr();
    let said = tokio::task::spawn_blocking(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(&sent).unwrap();
        let mut all = Vec::new();
        // What was not read may end the connection with a reset behind the answer.
        let _ = stream.read_to_end(&mut all);
        all
    });
    let all = said.await.unwrap();
    let end = all.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    (head, all[end + 4..].to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_cannot_be_read_is_refused_in_words() {
    let kit = Kit::start(&[("a.bin", b"a")], Partials::default()).await;
    let many = "x: y\r\n".repeat(100);
    for (sent, status, slug) in [
        (
            "\u{1}\u{2} garbage\r\n\r\n".to_owned(),
            400,
            "invalid-request",
        ),
        (
            "GET /a\0b HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
            400,
            "invalid-request",
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"),
            431,
            "headers-too-large",
        ),
    ] {
        let (head, body) = said(&kit, sent.into_bytes()).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("application/problem+json"), "{head}");
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((problem.slug.as_str(), problem.status), (slug, status));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_looks_like_a_refusal_is_sent_as_it_is() {
    let bytes = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    let kit = Kit::start(&[("a.txt", bytes)], Partials::default()).await;
    let path = format!("/content/{}", ContentHash::of(bytes));
    for _ in 0..2 {
        let response = kit.get(&path, &[]).await;
        assert_eq!(&response.bytes().await.unwrap()[..], bytes);
    }
}
