//! What a client library would not send: cut, folded, doubled and endless requests.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::kit::{Lab, PATIENCE};

/// Sends bytes and reads until the other side closes.
pub async fn exchange(lab: &Lab, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(lab.addr()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(
        read.is_ok(),
        "the connection stayed open: {}",
        String::from_utf8_lossy(&answer)
    );
    String::from_utf8_lossy(&answer).into_owned()
}

fn statuses(answer: &str) -> Vec<&str> {
    let heads = answer.split("HTTP/1.1 ").skip(1);
    heads.map(|head| &head[..3]).collect()
}

#[tokio::test]
async fn requests_with_two_meanings_are_refused_and_the_connection_is_closed() {
    let lab = Lab::open().await;
    let hidden = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let post = |lines: &str, body: &str| {
        format!("POST /api/v1/peers/heartbeat HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n{body}")
    };
    let chunked = format!("0\r\n\r\n{hidden}");
    for request in [
        post(
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            &chunked,
        ),
        post(
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            &chunked,
        ),
        post(
            "Content-Length: 4\r\nTransfer-Encoding: xchunked\r\n",
            &chunked,
        ),
        post("Content-Length: 0\r\nContent-Length: 44\r\n", hidden),
        post("Content-Length: +0\r\n", hidden),
        post("Transfer-Encoding: chunked, identity\r\n", &chunked),
        post("Transfer-Encoding : chunked\r\n", &chunked),
        post("X: y\r\n Content-Length: 44\r\n", hidden),
        post("X: y\nContent-Length: 44\r\n", hidden),
        post("Bad\0Name: x\r\n", hidden),
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".into(),
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".into(),
        "GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n".into(),
        "nonsense\r\n\r\n".into(),
        "\0\0\0\0\r\n\r\n".into(),
    ] {
        let answer = exchange(&lab, request.as_bytes()).await;
        assert_eq!(
            statuses(&answer),
            ["400"],
            "{request:?} was answered {answer:?}"
        );
        assert!(
            answer.contains("\"type\":\"invalid-request\"") && answer.contains("problem+json"),
            "{request:?} was answered {answer:?}"
        );
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn what_is_odd_but_clear_is_answered() {
    let lab = Lab::open().await;
    let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\
               GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(
        statuses(&exchange(&lab, two.as_bytes()).await),
        ["200", "200"]
    );
    let old = "GET /healthz HTTP/1.0\r\n\r\n";
    assert!(exchange(&lab, old.as_bytes()).await.contains(" 200 OK"));
    let chunked = "POST /api/v1/peers/register HTTP/1.1\r\nHost: localhost\r\n\
                   Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
                   8\r\n{\"port\":\r\n5\r\n7071}\r\n0\r\n\r\n\
                   GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = exchange(&lab, chunked.as_bytes()).await;
    assert_eq!(
        statuses(&answer),
        ["200"],
        "nothing is read behind a chunked body"
    );
    let absolute = format!(
        "GET http://{0}/healthz HTTP/1.1\r\nHost: {0}\r\nConnection: close\r\n\r\n",
        lab.addr()
    );
    assert_eq!(
        statuses(&exchange(&lab, absolute.as_bytes()).await),
        ["200"]
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn heads_without_end_are_cut() {
    let lab = Lab::open().await;
    let many: Vec<_> = (0..100).map(|number| format!("X-{number}: y")).collect();
    let many = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n\r\n",
        many.join("\r\n")
    );
    let answer = exchange(&lab, many.as_bytes()).await;
    assert_eq!(statuses(&answer), ["431"]);
    assert!(
        answer.contains("\"type\":\"headers-too-large\""),
        "{answer}"
    );
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "y".repeat(40_000)
    );
    assert_eq!(statuses(&exchange(&lab, long.as_bytes()).await), ["431"]);
    lab.server.stop().await;
}

#[tokio::test]
async fn half_sent_heads_are_cut_within_seconds_while_others_are_served() {
    let lab = Lab::open().await;
    let started = Instant::now();
    let mut half = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(lab.addr()).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: loc")
            .await
            .unwrap();
        half.push(stream);
    }
    lab.get("/api/v1/stats").await;
    for mut stream in half {
        let mut rest = Vec::new();
        let cut = timeout(Duration::from_secs(12), stream.read_to_end(&mut rest)).await;
        assert!(cut.is_ok(), "still open after {:?}", started.elapsed());
    }
    let took = started.elapsed();
    assert!(
        took > Duration::from_secs(8) && took < Duration::from_secs(12),
        "{took:?}"
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let lab = Lab::open().await;
    let half = "POST /api/v1/peers/register HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"port\":";
    let answer = exchange(&lab, half.as_bytes()).await;
    assert_eq!(statuses(&answer), ["408"], "{answer}");
    lab.server.stop().await;
}
