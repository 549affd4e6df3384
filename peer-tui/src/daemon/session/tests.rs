//! Tests of a conversation over an engine whose index is away.

use super::*;
use crate::config::Config;
use crate::daemon::engine::{EngineOptions, IndexChoice};
use crate::daemon::log::LogRing;

async fn engine(folder: &std::path::Path) -> Engine {
    let mut config = Config::in_folders(
        folder.join("data"),
        folder.join("share"),
        folder.join("downloads"),
    );
    config.listen = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let options = EngineOptions {
        log: LogRing::default(),
        index: IndexChoice::Only("http://127.0.0.1:9".to_owned()),
        max_active: None,
    };
    Engine::start(config, options).await.expect("it starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_screen_asked_for_before_it_left_is_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path()).await;
    for limit in 1..=16_u64 {
        let (to_session, from_client) = mpsc::channel(4);
        let (to_client, gone) = mpsc::channel(1);
        drop(gone);
        let hello = ClientMessage::Hello {
            socket_version: SOCKET_VERSION,
        };
        let action = Action::SetLimits {
            down: Some(limit),
            up: None,
        };
        let asked = ClientMessage::Do {
            number: 1,
            action: Box::new(action),
        };
        let watch = ClientMessage::Watch(Box::default());
        for message in [hello, watch.clone(), watch, asked] {
            to_session.send(message).await.expect("room for four");
        }
        drop(to_session);
        run(engine.clone(), from_client, to_client).await;
        let is_done = async {
            while engine.board().limits().down != Some(limit) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), is_done).await;
        assert!(waited.is_ok(), "the last action of screen {limit} was lost");
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn known_peers_are_shown_at_once_while_the_index_is_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = engine(folder.path()).await;
    let is_lost = async {
        while !matches!(engine.header().link, LinkState::Lost { .. }) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), is_lost).await;
    assert!(waited.is_ok(), "nobody listens there");
    let (to_session, from_client) = mpsc::channel(4);
    let (to_client, mut from_session) = mpsc::channel(4);
    let session = tokio::spawn(run(engine.clone(), from_client, to_client));
    let watch = Watch {
        peers: Some(crate::daemon::command::PeersWatch::default()),
        ..Watch::default()
    };
    let message = ClientMessage::Watch(Box::new(watch));
    to_session.send(message).await.expect("it listens");
    let Some(ServerMessage::Update(update)) = from_session.recv().await else {
        panic!("the first message is an update");
    };
    assert!(update.peers.is_some(), "the list waits for the index");
    drop(to_session);
    session.await.expect("it ends");
    engine.stop().await;
}
