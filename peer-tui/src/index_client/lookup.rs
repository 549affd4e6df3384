//! Questions for the holders of a content, gathered: whatever waits while one request is out goes
//! into the next one, so that 10,000 small files do not cost 10,000 requests.
//!
//! Knows calls of the index; knows no download.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use protocol::file::ContentInfo;
use protocol::hash::ContentHash;
use protocol::limits::LOOKUP_MAX_COUNT;
use tokio::sync::{mpsc, oneshot};

use super::{IndexApi, IndexError};

/// Questions that may wait: whoever asks one waits for room.
const QUEUE_COUNT: usize = LOOKUP_MAX_COUNT;

type Answer = Result<Option<ContentInfo>, IndexError>;

struct Question {
    hash: ContentHash,
    answer: oneshot::Sender<Answer>,
}

/// The handle to the gatherer; cheap to clone.
#[derive(Debug, Clone)]
pub struct Lookups {
    questions: mpsc::Sender<Question>,
    api: Arc<ArcSwap<IndexApi>>,
}

impl Lookups {
    /// Starts the gatherer; it ends with its last handle.
    pub fn start(api: Arc<ArcSwap<IndexApi>>) -> Self {
        let (questions, inbox) = mpsc::channel(QUEUE_COUNT);
        tokio::spawn(gather(api.clone(), inbox));
        Self { questions, api }
    }

    /// Everybody who holds a content; `None` when it is unknown.
    ///
    /// # Errors
    /// When the index does not answer.
    pub async fn content(&self, hash: ContentHash) -> Answer {
        let (answer, answered) = oneshot::channel();
        let lost = || IndexError::Unreachable {
            url: self.api.load().url().to_string(),
            reason: "this peer is stopping".to_owned(),
        };
        let question = Question { hash, answer };
        self.questions.send(question).await.map_err(|_| lost())?;
        answered.await.map_err(|_| lost())?
    }
}

async fn gather(api: Arc<ArcSwap<IndexApi>>, mut inbox: mpsc::Receiver<Question>) {
    let mut waiting = Vec::with_capacity(LOOKUP_MAX_COUNT);
    while inbox.recv_many(&mut waiting, LOOKUP_MAX_COUNT).await > 0 {
        let api = api.load_full();
        if let [question] = waiting.as_slice() {
            let answer = api.content(&question.hash).await;
            if let Some(question) = waiting.pop() {
                // Whoever asked may have gone.
                let _ = question.answer.send(answer);
            }
            continue;
        }
        let hashes: Vec<_> = waiting.iter().map(|question| question.hash).collect();
        let found = api.lookup(&hashes).await.map(|contents| {
            let by_hash = contents.into_iter().map(|content| (content.hash, content));
            by_hash.collect::<HashMap<_, _>>()
        });
        for question in waiting.drain(..) {
            let answer = found
                .as_ref()
                .map(|found| found.get(&question.hash).cloned());
            // Whoever asked may have gone.
            let _ = question.answer.send(answer.map_err(Clone::clone));
        }
    }
}
