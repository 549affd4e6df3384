//! Turns on one connection against a source that counts connections and sees what it was asked
//! before it answers.

use std::net::SocketAddr;

use protocol::hash::ContentHash;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::super::super::scheduler::SourceKey;
use super::super::line::Answer;
use super::*;
use crate::rate::RateLimit;

struct Source {
    listener: TcpListener,
    place: Place,
    lines: Lines,
}

impl Source {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Place {
            key: SourceKey(0),
            address: listener.local_addr().unwrap(),
            hash: ContentHash::of(b"x"),
            limit: RateLimit::new(None),
        };
        let lines = Lines::default();
        Self {
            listener,
            place,
            lines,
        }
    }

    async fn ask(&self, first: u64) -> Turn {
        self.ask_at(&self.place, first).await
    }

    async fn ask_at(&self, place: &Place, first: u64) -> Turn {
        let (range, timing) = (ByteRange::new(first, first + 9, 1000), Timing::default());
        let own_id = PeerId::from_bytes([9; 32]);
        let asked = self.lines.ask(place, range.unwrap(), &timing, &own_id);
        asked.await.unwrap()
    }

    async fn answer(&self, turn: Turn) -> Result<Answer, Fault> {
        turn.answer(&self.place, &Timing::default()).await
    }

    async fn accept(&self) -> (BufReader<TcpStream>, SocketAddr) {
        let (stream, from) = self.listener.accept().await.unwrap();
        (BufReader::new(stream), from)
    }
}

/// The range of the next request.
async fn asked(stream: &mut BufReader<TcpStream>) -> String {
    let mut range = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        match line.trim_end().split_once(": ") {
            Some(("range", value)) => value.clone_into(&mut range),
            None if line == "\r\n" => return range,
            _ => {}
        }
    }
}

async fn reply(stream: &mut BufReader<TcpStream>, body: &str, extra: &str) {
    let length = body.len();
    let text = format!("HTTP/1.1 206 x\r\ncontent-length: {length}\r\n{extra}\r\n{body}");
    stream.get_mut().write_all(text.as_bytes()).await.unwrap();
}

async fn read(mut answer: Answer) -> String {
    let mut bytes = Vec::new();
    while answer.read(&mut bytes, 4).await.unwrap() > 0 {}
    answer.end();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_next_range_is_asked_for_while_the_last_comes_and_answers_keep_their_order() {
    let source = Source::new().await;
    let (one, two) = (source.ask(0).await, source.ask(10).await);
    let (mut stream, _) = source.accept().await;
    assert_eq!(asked(&mut stream).await, "bytes=0-9");
    assert_eq!(asked(&mut stream).await, "bytes=10-19");
    reply(&mut stream, "0123456789", "").await;
    reply(&mut stream, "abcdefghij", "").await;
    let first = async { read(source.answer(one).await.unwrap()).await };
    let second = async { read(source.answer(two).await.unwrap()).await };
    let (second, first) = tokio::join!(second, first);
    assert_eq!((&*first, &*second), ("0123456789", "abcdefghij"));

    // Another content takes the connection that nobody uses, and the source ends it.
    let mut other = source.place.clone();
    other.hash = ContentHash::of(b"y");
    let third = source.ask_at(&other, 20).await;
    assert_eq!(asked(&mut stream).await, "bytes=20-29");
    drop(stream);
    let third = async { read(source.answer(third).await.unwrap()).await };
    let again = async {
        let (mut stream, _) = source.accept().await;
        assert_eq!(asked(&mut stream).await, "bytes=20-29");
        reply(&mut stream, "ABC", "").await;
        stream
    };
    let (third, _stream) = tokio::join!(third, again);
    assert_eq!(third, "ABC", "it was no fault of the source");
}

#[tokio::test]
async fn a_connection_that_does_not_go_on_is_replaced_for_whoever_waits() {
    let source = Source::new().await;
    let (one, two) = (source.ask(0).await, source.ask(10).await);
    let (mut stream, before) = source.accept().await;
    reply(&mut stream, "0123456789", "connection: close\r\n").await;
    assert_eq!(read(source.answer(one).await.unwrap()).await, "0123456789");
    let second = async { read(source.answer(two).await.unwrap()).await };
    let again = async {
        let (mut stream, from) = source.accept().await;
        assert_eq!(asked(&mut stream).await, "bytes=10-19");
        reply(&mut stream, "x", "").await;
        from
    };
    let (second, after) = tokio::join!(second, again);
    assert_eq!(second, "x");
    assert_ne!(before, after);
}

#[tokio::test]
async fn an_answer_that_is_left_ends_the_connection_and_fails_whoever_waits_for_it() {
    let source = Source::new().await;
    let (one, two) = (source.ask(0).await, source.ask(10).await);
    let (mut stream, _) = source.accept().await;
    reply(&mut stream, "0123456789", "").await;
    drop(source.answer(one).await.unwrap());
    assert!(matches!(source.answer(two).await, Err(Fault::Broken(_))));
    let mut left = Vec::new();
    // Reset or closed, by whether its bytes were read.
    let _ = stream.read_to_end(&mut left).await;
    // A new connection, which has no answer before it, is no better than its source.
    let three = source.ask(20).await;
    drop(source.accept().await);
    assert!(matches!(source.answer(three).await, Err(Fault::Broken(_))));
}
