//! The feed: every event in order for whoever reads, a way back for whoever was away, and nobody
//! held up by whoever does not read.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::document;
use crate::kit::{Lab, PATIENCE};

type Socket = WebSocketStream<TcpStream>;

async fn open(lab: &Lab, path: &str) -> Socket {
    let stream = TcpStream::connect(lab.addr()).await.unwrap();
    let url = format!("ws://{}{path}", lab.addr());
    client_async(url, stream).await.expect("the socket opens").0
}

/// The next event; pings are passed over.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(PATIENCE, socket.next())
            .await
            .expect("an event in time");
        match message.expect("an open socket").expect("a message") {
            Message::Text(text) => {
                let event = serde_json::from_str(&text).unwrap();
                document::check_message("Envelope", &event);
                return event;
            }
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("no event: {other:?}"),
        }
    }
}

/// Events up to the first of the kind `last`.
async fn until(socket: &mut Socket, last: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let event = next(socket).await;
        let is_last = event["type"] == last;
        events.push(event);
        if is_last {
            return events;
        }
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_reader_is_greeted_and_hears_everything_in_order() {
    let lab = Lab::open().await;
    let mut socket = open(&lab, "/ws").await;
    let hello = next(&mut socket).await;
    assert_eq!(hello["type"], "hello");
    assert_eq!(hello["data"]["stats"]["total_peers"], 0);
    let peer = lab.peer("attic", 7071).await;
    let id = lab.share(&peer, "song.ogg", "la").await;
    lab.send("GET", &format!("/download/{id}"), &[], "").await;
    let withdraw = format!("/api/v1/files/{id}");
    lab.send("DELETE", &withdraw, &[("x-peer-id", &peer.id)], "")
        .await;
    let events = until(&mut socket, "file_removed").await;
    let mut seq = hello["seq"].as_u64().unwrap();
    for event in &events {
        seq += 1;
        assert_eq!(event["seq"], seq, "{events:?}");
        assert!(event["at"].is_string());
    }
    let without_stats: Vec<_> = kinds(&events)
        .into_iter()
        .filter(|kind| *kind != "network_stats")
        .collect();
    assert_eq!(
        without_stats,
        [
            "peer_registered",
            "file_registered",
            "download",
            "file_removed"
        ]
    );
    assert_eq!(events.last().unwrap()["data"]["filename"], "song.ogg");
    lab.server.stop().await;
}

/// What a batch of these lines is told as: kind, then files added, updated and removed.
async fn told(lab: &Lab, socket: &mut Socket, peer: &str, lines: &str) -> Vec<(String, [u64; 3])> {
    let headers = [
        ("x-peer-id", peer),
        ("content-type", "application/x-ndjson"),
    ];
    let response = lab
        .send("POST", "/api/v1/files/batch", &headers, lines)
        .await;
    assert_eq!(response.status(), 200);
    lab.peer("the end", 7099).await;
    let mut events = until(socket, "peer_registered").await;
    events.pop();
    let figures = |event: &Value| {
        let count = |name: &str| event["data"][name].as_u64().unwrap_or(0);
        [count("added"), count("updated"), count("removed")]
    };
    events
        .iter()
        .map(|event| (event["type"].as_str().unwrap().to_owned(), figures(event)))
        .collect()
}

#[tokio::test]
async fn a_long_batch_is_told_by_counts_alone_that_add_up() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let mut socket = open(&lab, "/ws?topics=peers,files").await;
    assert_eq!(next(&mut socket).await["type"], "hello");
    let add = |number: usize| {
        let name = number.to_string();
        let line =
            json!({"op": "add", "filename": name, "size": 1, "hash": crate::kit::hash(&name)});
        format!("{line}\n")
    };
    let lines = |numbers: std::ops::Range<usize>| numbers.map(add).collect::<String>();
    let unknown = "{\"op\":\"remove\",\"id\":\"00000000000000000000000000000000\"}\n";
    for (lines, expected, kind) in [
        (lines(0..1_005), [1_005, 0, 0], "files_changed"),
        // Few of the first thousand lines change anything, and many of the rest.
        (
            lines(2_000..2_010) + &unknown.repeat(990) + &lines(2_010..2_040),
            [40, 0, 0],
            "files_changed",
        ),
        (
            lines(2_000..2_003) + &lines(3_000..4_002),
            [1_002, 3, 0],
            "files_changed",
        ),
        // Many lines that change nothing make no long request.
        (
            unknown.repeat(2_000) + &lines(5_000..5_005),
            [0, 0, 0],
            "file_registered",
        ),
    ] {
        let told = told(&lab, &mut socket, &peer.id, &lines).await;
        assert!(told.iter().all(|(told, _)| told == kind), "{told:?}");
        let sum = told.iter().fold([0; 3], |sum, (_, counts)| {
            [0, 1, 2].map(|part| sum[part] + counts[part])
        });
        assert_eq!(sum, expected, "{told:?}");
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn topics_narrow_the_feed_at_once_and_later() {
    let lab = Lab::open().await;
    let mut socket = open(&lab, "/api/v1/ws?topics=downloads").await;
    assert_eq!(next(&mut socket).await["type"], "hello");
    let peer = lab.peer("attic", 7071).await;
    let id = lab.share(&peer, "song.ogg", "la").await;
    lab.send("GET", &format!("/download/{id}"), &[], "").await;
    assert_eq!(next(&mut socket).await["type"], "download");
    let wish = json!({"subscribe": ["files"]}).to_string();
    socket.send(Message::text(wish)).await.unwrap();
    // The wish is heard some time; from then on files come and downloads do not.
    for number in 0.. {
        lab.share(&peer, &format!("{number}.ogg"), &number.to_string())
            .await;
        if let Ok(event) = timeout(Duration::from_millis(50), next(&mut socket)).await {
            assert_eq!(event["type"], "file_registered");
            break;
        }
        assert!(number < 200, "the wish was never heard");
    }
    let bad = lab.send("GET", "/ws?topics=everything", &[], "").await;
    assert_eq!(bad.status(), 400);
    lab.server.stop().await;
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_or_is_told_to_read_anew() {
    let lab = Lab::open().await;
    let mut socket = open(&lab, "/ws?topics=peers").await;
    let seq = next(&mut socket).await["seq"].as_u64().unwrap();
    drop(socket);
    for number in 0..3 {
        lab.peer(&format!("peer {number}"), 7071 + number).await;
    }
    let mut socket = open(&lab, &format!("/ws?topics=peers&since={seq}")).await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let event = next(&mut socket).await;
        names.push(event["data"]["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(names, ["peer 0", "peer 1", "peer 2"]);
    for lost in ["1", "18446744073709551615"] {
        let mut socket = open(&lab, &format!("/ws?since={lost}")).await;
        assert_eq!(next(&mut socket).await["type"], "resync", "since={lost}");
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_and_nobody_else_notices() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let mut stuck = open(&lab, "/ws").await;
    assert_eq!(next(&mut stuck).await["type"], "hello");
    let mut reader = open(&lab, "/ws?topics=files").await;
    let mut seq = next(&mut reader).await["seq"].as_u64().unwrap();
    let reading = tokio::spawn(async move {
        let mut events = 0;
        loop {
            let event = next(&mut reader).await;
            assert_ne!(event["type"], "resync");
            let now = event["seq"].as_u64().unwrap();
            assert!(now > seq, "in order");
            seq = now;
            events += event["data"]["added"].as_u64().unwrap_or(0);
            events += event["data"]["updated"].as_u64().unwrap_or(0);
            if event["data"]["filename"] == "the end" {
                return events;
            }
        }
    });
    // Far more than the kernel buffers for a socket.
    let path = vec!["x".repeat(900); 4].join("/");
    let line = |number: usize| {
        json!({"op": "add", "filename": number.to_string(), "path": format!("{path}/{number}"),
            "size": 1, "hash": crate::kit::hash(&number.to_string())})
    };
    let lines: Vec<_> = (0..30).map(|number| line(number).to_string()).collect();
    let lines = lines.join("\n");
    let headers = [
        ("x-peer-id", peer.id.as_str()),
        ("content-type", "application/x-ndjson"),
    ];
    for _ in 0..150 {
        let response = lab
            .send("POST", "/api/v1/files/batch", &headers, &lines)
            .await;
        assert_eq!(response.status(), 200);
    }
    lab.share(&peer, "the end", "end").await;
    let heard = timeout(PATIENCE, reading)
        .await
        .expect("in time")
        .expect("no gap");
    assert_eq!(heard, 150 * 30, "the reader heard of every change");
    // The stuck one is cut once its write deadline is over, whatever it reads after that.
    let wait = async {
        loop {
            let page = lab
                .send("GET", "/metrics", &[], "")
                .await
                .text()
                .await
                .unwrap();
            let is_over = page.contains("peerdex_index_ws_readers 0");
            if is_over && page.contains("peerdex_index_ws_evicted_total 1") {
                return;
            }
            // house: allow sleep, a page of figures cannot be waited on
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, wait)
        .await
        .expect("the stuck reader is cut");
    // What it finds once it reads: whole messages, and at their end why there are no more.
    let mut last = None;
    while let Some(message) = timeout(PATIENCE, stuck.next()).await.expect("an end") {
        last = Some(message.expect("a whole message"));
    }
    match last {
        Some(Message::Close(Some(frame))) => assert_eq!(u16::from(frame.code), 1013),
        other => panic!("no close frame: {other:?}"),
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn large_and_foreign_messages_end_the_socket_with_a_reason() {
    let lab = Lab::open().await;
    for (message, code) in [
        (Message::text("x".repeat(70_000)), 1009),
        (Message::text("hello?"), 1003),
        (Message::binary(vec![1, 2, 3]), 1003),
    ] {
        let mut socket = open(&lab, "/ws").await;
        next(&mut socket).await;
        // A large one may be cut while it is still being written.
        let _ = socket.send(message).await;
        let close = loop {
            match timeout(PATIENCE, socket.next()).await.expect("an end") {
                Some(Ok(Message::Close(frame))) => break frame,
                Some(Ok(_)) => {}
                Some(Err(Error::Io(_) | Error::Protocol(_))) | None => break None,
                Some(Err(error)) => panic!("{error}"),
            }
        };
        assert_eq!(close.map(|frame| u16::from(frame.code)), Some(code));
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn stopping_says_goodbye() {
    let lab = Lab::open().await;
    let mut socket = open(&lab, "/ws").await;
    next(&mut socket).await;
    lab.server.stop().await;
    let goodbye = next(&mut socket).await;
    assert_eq!(goodbye["type"], "goodbye");
    match socket.next().await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 1001),
        other => panic!("no close frame: {other:?}"),
    }
}
