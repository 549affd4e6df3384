//! Answers with many contents, right and wrong.

use std::sync::atomic::Ordering;

use protocol::contents;
use tokio::io::{AsyncRead, AsyncWrite};

use super::server::Wire;
use super::way::{Way, Wrong};

/// Answers a question for many contents; a peer that does not know it says that nothing is there.
pub(super) async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    way: Way,
    of: &str,
) -> std::io::Result<bool> {
    let Way::Together(wrong) = way else {
        return wire.head("404 Not Found", 0, "").await;
    };
    wire.state.asked.fetch_add(1, Ordering::SeqCst);
    let mut body = Vec::new();
    for (number, hash) in contents::asked(of).expect("hashes").into_iter().enumerate() {
        let shared = wire.state.contents.lock().unwrap().get(&hash).cloned();
        let mut bytes = shared.map(|shared| shared.bytes.as_ref().clone());
        let is_odd = number % 2 == 1;
        if is_odd && wrong == Some(Wrong::Lacks) {
            bytes = None;
        }
        let mut told = bytes.as_ref().map(|bytes| bytes.len() as u64);
        if is_odd && wrong == Some(Wrong::Length) {
            told = told.map(|told| told + 1);
        }
        if is_odd && wrong == Some(Wrong::Bytes) {
            bytes.iter_mut().flatten().for_each(|byte| *byte ^= 1);
        }
        body.extend(contents::head(told));
        body.extend(bytes.unwrap_or_default());
    }
    let count = body.len() as u64;
    match wrong {
        Some(Wrong::Breaks) => {
            wire.head("200 OK", count, "").await?;
            wire.send(&body[..body.len() / 2]).await?;
            Ok(false)
        }
        Some(Wrong::More) => {
            wire.head("200 OK", count + 5, "").await?;
            wire.send(&body).await?;
            wire.send(b"wrong").await.map(|()| true)
        }
        _ => {
            wire.head("200 OK", count, "").await?;
            wire.send(&body).await.map(|()| true)
        }
    }
}
