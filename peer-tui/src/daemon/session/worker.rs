//! Does what one client asks for, in the order it asked; what takes long runs beside.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::daemon::command::Action;
use crate::daemon::engine::Engine;
use crate::daemon::state::ServerMessage;

/// Actions that wait; when full the client's messages are not read.
const QUEUE_MAX_COUNT: usize = 64;
/// Long ones at a time.
const LONG_MAX_COUNT: usize = 8;

/// Starts the worker of one client. It ends when the sender is dropped and all is done.
pub fn start(
    engine: Engine,
    to_client: mpsc::Sender<ServerMessage>,
) -> mpsc::Sender<(u64, Action)> {
    let (actions, mut asked) = mpsc::channel::<(u64, Action)>(QUEUE_MAX_COUNT);
    tokio::spawn(async move {
        let places = Arc::new(Semaphore::new(LONG_MAX_COUNT));
        while let Some((number, action)) = asked.recv().await {
            if is_long(&action) {
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                let (engine, to_client) = (engine.clone(), to_client.clone());
                tokio::spawn(async move {
                    answer(&engine, &to_client, number, action).await;
                    drop(place);
                });
            } else {
                answer(&engine, &to_client, number, action).await;
            }
        }
    });
    actions
}

async fn answer(
    engine: &Engine,
    to_client: &mpsc::Sender<ServerMessage>,
    number: u64,
    action: Action,
) {
    let is_stop = matches!(action, Action::Stop);
    let result = engine.act(action).await;
    // A client that is gone needs no answer.
    let _ = to_client
        .send(ServerMessage::Reply { number, result })
        .await;
    if is_stop {
        engine.request_stop();
    }
}

/// Waits for the index, or for many files.
const fn is_long(action: &Action) -> bool {
    matches!(
        action,
        Action::DownloadFolder { .. }
            | Action::Search { .. }
            | Action::Content { .. }
            | Action::AddShare { .. }
            | Action::RemoveShare { .. }
            | Action::RescanShares
    )
}
