//! The answer to a question for many contents, as it comes.
//!
//! As strict as any other: no length is believed, never more is read than was asked for, and every
//! content has its time.

use std::collections::VecDeque;
use std::time::Instant;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use protocol::contents::Cutter;
use tokio::time::timeout;

use super::super::run::Shared;
use super::super::source::Fault;
use super::line::broken;
use crate::rate::RateLimit;

pub(super) struct Contents {
    body: Incoming,
    cutter: Cutter,
    ready: VecDeque<Option<Vec<u8>>>,
}

impl Contents {
    /// The body of an answer that should hold contents of these sizes.
    pub(super) fn new(body: Incoming, sizes: impl IntoIterator<Item = usize>) -> Self {
        Self {
            body,
            cutter: Cutter::new(sizes),
            ready: VecDeque::new(),
        }
    }

    /// The next content in the order in which they were asked for, not hashed yet; inside `None`:
    /// the holder cannot give it. `None` at the end of the answer.
    pub(super) async fn next(
        &mut self,
        limit: &RateLimit,
        shared: &Shared,
    ) -> Result<Option<Option<Vec<u8>>>, Fault> {
        let mut patience = shared.timing.slow_window;
        while self.ready.is_empty() {
            let began = Instant::now();
            let Ok(frame) = timeout(patience, self.body.frame()).await else {
                return Err(Fault::Broken("is too slow".to_owned()));
            };
            // Waiting because of our own limit is not its fault.
            patience = patience.saturating_sub(began.elapsed());
            let Some(frame) = frame else {
                break;
            };
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(chunk) = frame.data_ref() {
                let bytes = chunk.len() as u64;
                let wait = shared.http.limit().take(bytes).max(limit.take(bytes));
                let cut = self
                    .cutter
                    .take(chunk, |content| self.ready.push_back(content));
                cut.map_err(|wrong| Fault::Lied(wrong.to_string()))?;
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
            }
        }
        match self.ready.pop_front() {
            Some(content) => Ok(Some(content)),
            None if self.cutter.is_done() => Ok(None),
            None => Err(Fault::Broken("broke off".to_owned())),
        }
    }
}
