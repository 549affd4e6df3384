//! The socket side of a daemon: accepts clients, turns frames into messages for a [`session`], and
//! messages into frames.
//!
//! [`session`]: super::session

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::client::Queues;
use super::command::ClientMessage;
use super::engine::Engine;
use super::session;
use super::socket::{self, CLIENT_FRAME_MAX_BYTES, PREFIX_BYTES};
use super::state::ServerMessage;

/// Screens and scripts at a time: each costs a task and what it watches.
const CLIENTS_MAX_COUNT: usize = 64;
/// Messages of a client that wait for its session; when full the socket is not read.
const FROM_CLIENT_MAX_COUNT: usize = 16;
/// Messages that wait for the writer; when full the session waits and then sends the newest state.
const TO_CLIENT_MAX_COUNT: usize = 4;

/// Serves clients until `stop`.
pub async fn serve(listener: UnixListener, engine: Engine, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CLIENTS_MAX_COUNT));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of descriptors: the connections that are there go on, and free some.
                tracing::warn!("a screen could not attach: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        match Arc::clone(&places).try_acquire_owned() {
            Ok(place) => {
                let engine = engine.clone();
                tokio::spawn(async move {
                    serve_client(stream, engine).await;
                    drop(place);
                });
            }
            Err(_) => {
                tokio::spawn(turn_away(stream));
            }
        }
    }
}

/// A conversation inside this process, for a screen on top of its own engine.
pub fn connect_in_process(engine: &Engine) -> Queues {
    let (to_daemon, from_client) = mpsc::channel(FROM_CLIENT_MAX_COUNT);
    let (to_client, from_daemon) = mpsc::channel(TO_CLIENT_MAX_COUNT);
    tokio::spawn(session::run(engine.clone(), from_client, to_client));
    Queues {
        to_daemon,
        from_daemon,
    }
}

async fn serve_client(stream: UnixStream, engine: Engine) {
    let (read, write) = stream.into_split();
    let (to_session, from_client) = mpsc::channel(FROM_CLIENT_MAX_COUNT);
    let (to_client, from_session) = mpsc::channel(TO_CLIENT_MAX_COUNT);
    let reader = tokio::spawn(read_frames(read, to_session));
    let writer = tokio::spawn(write_frames(write, from_session));
    session::run(engine, from_client, to_client).await;
    reader.abort();
    // The last words (a reply, goodbye) still go out; a client that does not read loses them.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), writer).await;
}

async fn turn_away(mut stream: UnixStream) {
    let goodbye = ServerMessage::Goodbye {
        reason: format!("{CLIENTS_MAX_COUNT} screens are attached already: leave one of them"),
    };
    if let Ok(frame) = socket::encode(&goodbye) {
        let _ = stream.write_all(&frame).await;
    }
}

async fn read_frames(mut read: OwnedReadHalf, to_session: mpsc::Sender<ClientMessage>) {
    loop {
        match read_frame(&mut read).await {
            Ok(message) => {
                if to_session.send(message).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::UnexpectedEof {
                    tracing::debug!("a screen was hung up on: {error}");
                }
                return;
            }
        }
    }
}

async fn read_frame(read: &mut OwnedReadHalf) -> io::Result<ClientMessage> {
    let mut prefix = [0; PREFIX_BYTES];
    read.read_exact(&mut prefix).await?;
    let mut body = vec![0; socket::length(prefix, CLIENT_FRAME_MAX_BYTES)?];
    read.read_exact(&mut body).await?;
    socket::decode(&body)
}

async fn write_frames(mut write: OwnedWriteHalf, mut from_session: mpsc::Receiver<ServerMessage>) {
    while let Some(message) = from_session.recv().await {
        let Ok(frame) = socket::encode(&message) else {
            return;
        };
        if write.write_all(&frame).await.is_err() {
            return;
        }
    }
    let _ = write.shutdown().await;
}
