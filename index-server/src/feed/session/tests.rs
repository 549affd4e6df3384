//! Sessions over a pipe, with time that passes only when nothing else happens.

use futures::StreamExt;
use jiff::Timestamp;
use protocol::stats::NetworkStats;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::*;
use crate::feed::Change;
use crate::http::listener::permits::Permits;

impl Wire for DuplexStream {
    fn push_through(&self, _: &[u8]) -> bool {
        false
    }
}

type Client = WebSocketStream<DuplexStream>;

struct Stage {
    feed: Feed,
    metrics: Arc<Metrics>,
}

impl Stage {
    fn new(held_count: usize) -> Self {
        Self {
            feed: Feed::new(held_count),
            metrics: Metrics::new(),
        }
    }

    /// A reader at the other end of a pipe of 4 KiB.
    async fn reader(&self) -> (Client, JoinHandle<()>) {
        let (client, session) = self.session().await;
        (client, tokio::spawn(session.run()))
    }

    async fn session(&self) -> (Client, Session<DuplexStream>) {
        let (near, far) = tokio::io::duplex(4096);
        let host = std::net::IpAddr::from([127, 0, 0, 1]);
        let vantage = Vantage {
            remote: host,
            local: host,
        };
        let permit = Permits::sparing_loopback().take(host, &self.metrics);
        let reader = Reader {
            feed: self.feed.clone(),
            hello: Hello {
                stats: stats(0),
                seq: self.feed.last_seq(),
                server: String::new(),
                version: String::new(),
            },
            metrics: Arc::clone(&self.metrics),
            vantage,
            topics: Topics::all(),
            since: None,
            connection: Connection {
                vantage,
                permit: Arc::new(permit.unwrap()),
                share: None,
            },
        };
        let config = WebSocketConfig::default().write_buffer_size(0);
        let socket = WebSocketStream::from_raw_socket(far, Role::Server, Some(config)).await;
        let client = WebSocketStream::from_raw_socket(near, Role::Client, None).await;
        (client, Session::new(socket, reader))
    }

    fn publish(&self, count: u64) {
        for number in 0..count {
            let change = Change::Stats(stats(number));
            self.feed.publish(Timestamp::UNIX_EPOCH, vec![change]);
        }
    }
}

fn stats(total_peers: u64) -> NetworkStats {
    NetworkStats {
        total_peers,
        online_peers: 0,
        total_files: 0,
        total_bytes: 0,
        total_downloads: 0,
        network_health: 100,
        last_updated: Timestamp::UNIX_EPOCH,
    }
}

async fn next(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) => {}
            other => panic!("no event: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_sleeps_is_cut_after_its_deadline_and_the_other_hears_all() {
    let stage = Stage::new(4096);
    let (_asleep, session) = stage.reader().await;
    let (mut awake, _) = stage.reader().await;
    assert_eq!(next(&mut awake).await["type"], "hello");
    stage.publish(1_000);
    for seq in 1..=1_000 {
        assert_eq!(next(&mut awake).await["seq"], seq);
    }
    let started = stage_time();
    session.await.unwrap();
    let took = stage_time() - started;
    assert!(
        took >= WRITE_DEADLINE && took <= WRITE_DEADLINE + 2 * CLOSE_WAIT,
        "{took:?}"
    );
    assert_eq!(stage.metrics.ws_evicted.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_fell_out_of_the_ring_is_told_how_much_it_missed_and_goes_on() {
    let stage = Stage::new(8);
    let (mut client, _session) = stage.reader().await;
    assert_eq!(next(&mut client).await["type"], "hello");
    // All at once: the session has had no chance to read in between.
    let changes = (0..100)
        .map(|number| Change::Stats(stats(number)))
        .collect();
    stage.feed.publish(Timestamp::UNIX_EPOCH, changes);
    let resync = next(&mut client).await;
    assert_eq!(resync["type"], "resync");
    assert_eq!(resync["data"]["missed"], 100);
    assert_eq!(resync["seq"], 100);
    stage.publish(1);
    assert_eq!(next(&mut client).await["seq"], 101);
    assert_eq!(stage.metrics.ws_resyncs.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_answers_no_ping_is_given_up() {
    let stage = Stage::new(8);
    let (_silent, session) = stage.reader().await;
    let started = stage_time();
    session.await.unwrap();
    let took = stage_time() - started;
    let latest = PING_EVERY * (UNANSWERED_MAX_COUNT + 1) + CLOSE_WAIT;
    assert!(
        took <= latest && took + PING_SPREAD >= latest,
        "{took:?} of {latest:?}"
    );
}

#[tokio::test]
async fn the_task_of_a_socket_is_small() {
    let (_client, session) = Stage::new(8).session().await;
    let bytes = size_of_val(&session.run());
    assert!(bytes <= 4096, "{bytes}, ten thousand times");
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_with_a_close() {
    let bye = CloseFrame {
        code: CloseCode::Normal,
        reason: "bye".into(),
    };
    let own = CloseFrame {
        code: CloseCode::Library(4999),
        reason: "".into(),
    };
    for sent in [Some(bye), Some(own), None] {
        let stage = Stage::new(8);
        let (mut client, session) = stage.reader().await;
        assert_eq!(next(&mut client).await["type"], "hello");
        client.close(sent.clone()).await.unwrap();
        let answer = client.next().await;
        assert!(
            matches!(&answer, Some(Ok(Message::Close(told))) if *told == sent),
            "{answer:?} to {sent:?}"
        );
        assert!(client.next().await.is_none(), "the connection ends, too");
        drop(client);
        session.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn frames_that_no_client_may_send_are_told_by_code() {
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat();
    for (frame, code) in [
        (
            &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe][..],
            CloseCode::Invalid,
        ),
        (&[0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff], CloseCode::Invalid),
        (&[0x81, 0x02, b'{', b'}'], CloseCode::Protocol),
        (&[0xc1, 0x82, 0, 0, 0, 0, b'{', b'}'], CloseCode::Protocol),
        (&[0x83, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        (&[0x8b, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        (&[0x80, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        (&[0x09, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
        (&[0x88, 0x81, 0, 0, 0, 0, 3], CloseCode::Protocol),
        (&[0x88, 0x82, 0, 0, 0, 0, 3, 0xe7], CloseCode::Protocol),
        (&long_ping, CloseCode::Protocol),
    ] {
        let stage = Stage::new(8);
        let (mut client, session) = stage.reader().await;
        assert_eq!(next(&mut client).await["type"], "hello");
        client.get_mut().write_all(frame).await.unwrap();
        let end = client.next().await;
        assert!(
            matches!(&end, Some(Ok(Message::Close(Some(told)))) if told.code == code),
            "{end:?} to {frame:x?}"
        );
        drop(client);
        session.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_closes_says_goodbye_after_all_news() {
    let stage = Stage::new(4096);
    let (mut client, session) = stage.reader().await;
    assert_eq!(next(&mut client).await["type"], "hello");
    stage.publish(200);
    stage.feed.close("the index is stopping");
    for seq in 1..=200 {
        assert_eq!(next(&mut client).await["seq"], seq);
    }
    let goodbye = next(&mut client).await;
    assert_eq!(goodbye["type"], "goodbye");
    assert_eq!(goodbye["data"]["reason"], "the index is stopping");
    let end = client.next().await;
    assert!(
        matches!(&end, Some(Ok(Message::Close(Some(frame)))) if frame.code == CloseCode::Away),
        "{end:?}"
    );
    drop(client);
    session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_between_whole_events() {
    let stage = Stage::new(4096);
    let (client, _session) = stage.reader().await;
    let (mut write, mut read) = client.split();
    let pinging = tokio::spawn(async move {
        for _ in 0..300 {
            let ping = Message::Ping(vec![7; 120].into());
            write.send(ping).await.unwrap();
        }
        write
    });
    stage.publish(2_000);
    let (mut seq, mut pongs) = (0, 0);
    while seq < 2_000 {
        // A pong in the middle of an event would end the socket with an error here.
        match read.next().await.unwrap().unwrap() {
            Message::Text(text) => {
                let event: Value = serde_json::from_str(&text).unwrap();
                let next = event["seq"].as_u64().unwrap();
                assert!(next == seq || next == seq + 1, "{next} after {seq}");
                seq = next;
            }
            Message::Pong(told) => {
                assert_eq!(told.len(), 120);
                pongs += 1;
            }
            other => panic!("neither: {other:?}"),
        }
    }
    assert!(pongs > 1, "{pongs}");
    drop(pinging.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_heard_however_much_there_is_to_tell() {
    let stage = Arc::new(Stage::new(4096));
    let (mut client, session) = stage.reader().await;
    let publisher = Arc::clone(&stage);
    let publishing = tokio::spawn(async move {
        loop {
            publisher.publish(1);
            tokio::task::yield_now().await;
        }
    });
    client.send(Message::text("hello?")).await.unwrap();
    let mut heard = 0;
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Close(frame) => {
                assert_eq!(frame.unwrap().code, CloseCode::Unsupported);
                break;
            }
            _ => heard += 1,
        }
        assert!(heard < 1_000, "nobody listened");
    }
    drop(client);
    session.await.unwrap();
    publishing.abort();
}

fn stage_time() -> tokio::time::Instant {
    Clock::default().instant()
}
