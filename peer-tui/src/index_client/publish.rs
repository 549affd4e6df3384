//! Share changes to the index: everything it does not hold yet, then each change as it happens.
//!
//! Runs as long as one session. Knows the share as lists; knows no disk.

mod compare;
mod line;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use protocol::file::{BatchResponse, CatalogRange, CatalogRanges};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};
use protocol::limits::SEARCH_LIMIT_MAX_COUNT;
use protocol::problem::Slug;
use protocol::text::clean;
use tokio::sync::watch;

use super::{IndexApi, IndexError, PartialFile, ShareSource};
use compare::{differing, in_order};
use line::{Line, Listed};

/// Lines of one request: made durable together, a second of work for a slow index.
const BATCH_COUNT: usize = 5_000;
/// Bytes handed to the connection at a time: lines are made only as fast as they leave.
const CHUNK_BYTES: usize = 64 * 1024;
/// Changes within this time go in one request: a folder being filled is not a request a file.
const COALESCE: Duration = Duration::from_millis(200);
/// The same where an unfinished download is news: others wait for its first piece.
const COALESCE_PARTIALS: Duration = Duration::from_millis(20);
/// Rejected lines of one request that are said one by one in the log.
const REJECTED_SHOWN_COUNT: usize = 10;
/// Before a request that the index refused is tried again.
const REFUSED_WAIT: Duration = Duration::from_secs(5);

/// Unfinished downloads by content; `None` for one that was withdrawn.
pub type PartialTable = BTreeMap<ContentHash, Option<Arc<PartialFile>>>;

/// Where publishing starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The index holds the share as it was at this revision.
    InSync {
        /// Of the share.
        revision: u64,
    },
    /// It holds something else: compare, then send and withdraw.
    Differs,
    /// The share does not know yet what it holds: send what is found, withdraw nothing.
    Unsettled,
}

impl Start {
    /// For the log.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::InSync { .. } => "it knows what is shared here",
            Self::Differs => "it is told what has changed here",
            Self::Unsettled => "it is told of files as they are found",
        }
    }
}

/// Why publishing ended.
#[derive(Debug, Clone)]
pub enum End {
    /// The index is not reached.
    Lost(IndexError),
    /// The index does not know us any more.
    Forgotten,
    /// The share has settled: register again, so that the digests are compared.
    Settled,
    /// The share has ended.
    ShareEnded,
}

/// Publishes one session's worth.
pub struct Publisher {
    /// Calls with the token of the session.
    pub api: Arc<IndexApi>,
    /// Whose files.
    pub owner: PeerId,
    /// What to publish.
    pub share: Arc<dyn ShareSource>,
    /// Unfinished downloads.
    pub partials: watch::Receiver<Arc<PartialTable>>,
    /// Files still to be sent.
    pub unsent: watch::Sender<u64>,
}

impl Publisher {
    /// Publishes until the session or the share ends.
    pub async fn run(mut self, start: Start) -> End {
        match self.publish(start).await {
            Ok(end) => end,
            Err(IndexError::Refused(problem)) if is_forgotten(problem.status, &problem.slug) => {
                End::Forgotten
            }
            Err(error) => End::Lost(error),
        }
    }

    async fn publish(&mut self, start: Start) -> Result<End, IndexError> {
        let mut wake = self.share.watch();
        wake.mark_unchanged();
        let mut revision = match start {
            Start::InSync { revision } => revision,
            Start::Differs => self.send_difference().await?,
            Start::Unsettled => self.send_all().await?,
        };
        let mut sent_partials = PartialTable::new();
        loop {
            if start == Start::Unsettled && self.share.is_settled() {
                return Ok(End::Settled);
            }
            let mut lines = self.changed_partials(&mut sent_partials);
            let now = self.share.revision();
            if now != revision {
                match self.share.changes_since(revision) {
                    Some(changed) => lines.extend(changed.into_iter().map(Line::from)),
                    None if self.share.is_settled() => {
                        self.send_difference().await?;
                    }
                    None => {
                        self.send_all().await?;
                    }
                }
                revision = now;
            }
            self.send(lines).await?;
            let pause = tokio::select! {
                woken = wake.changed() => woken.map(|()| COALESCE),
                woken = self.partials.changed() => woken.map(|()| COALESCE_PARTIALS),
            };
            let Ok(pause) = pause else {
                return Ok(End::ShareEnded);
            };
            tokio::time::sleep(pause).await;
            wake.mark_unchanged();
        }
    }

    /// Makes the index hold what is shared and nothing else; yields the revision it then holds.
    /// Only what differs is read and sent.
    async fn send_difference(&mut self) -> Result<u64, IndexError> {
        let mut snapshot = self.share.snapshot();
        snapshot
            .files
            .sort_unstable_by(|left, right| left.path.as_str().cmp(right.path.as_str()));
        self.unsent.send_replace(snapshot.files.len() as u64);
        let told = self.api.peer_digest(&self.owner).await?;
        // An index that tells no ranges is read whole.
        let told = told.unwrap_or_else(|| CatalogRanges {
            digest: String::new(),
            count: 0,
            complete_digest: String::new(),
            complete_count: 0,
            ranges: vec![CatalogRange {
                cursor: None,
                until: None,
                count: u64::MAX,
                digest: String::new(),
            }],
        });
        let mut lines = Vec::new();
        for differing in differing(&told, &snapshot.files) {
            let listed = match differing.range {
                Some(range) => self.listed(range).await?,
                None => Listed::default(),
            };
            lines.extend(listed.difference(&self.owner, differing.files));
        }
        self.send(in_order(lines, &snapshot.files)).await?;
        Ok(snapshot.revision)
    }

    /// What the index holds in a range.
    async fn listed(&self, range: &CatalogRange) -> Result<Listed, IndexError> {
        let mut listed = Listed::default();
        let mut cursor = range.cursor.clone();
        loop {
            let (api, owner) = (&self.api, &self.owner);
            let page = api
                .peer_files(owner, "", cursor.as_deref(), SEARCH_LIMIT_MAX_COUNT)
                .await?;
            let is_empty = page.files.is_empty();
            for file in page.files {
                if range.until.as_ref().is_some_and(|until| file.path > *until) {
                    return Ok(listed);
                }
                listed.insert(file);
            }
            cursor = page.next_cursor;
            if cursor.is_none() || is_empty {
                return Ok(listed);
            }
        }
    }

    /// Sends everything shared; yields the revision it was.
    async fn send_all(&mut self) -> Result<u64, IndexError> {
        let snapshot = self.share.snapshot();
        let lines = snapshot.files.into_iter().map(Line::Add).collect();
        self.send(lines).await?;
        Ok(snapshot.revision)
    }

    fn changed_partials(&mut self, sent: &mut PartialTable) -> Vec<Line> {
        let wanted = self.partials.borrow_and_update().clone();
        let changed = wanted
            .iter()
            .filter(|(hash, file)| sent.get(*hash) != Some(*file));
        let lines = changed.filter_map(|(hash, file)| match file {
            // A complete record is there or on its way: it says more.
            _ if self.share.holds(hash) => None,
            Some(file) => Some(Line::AddPartial(file.clone())),
            None => Some(Line::RemoveRecord(FileId::of(&self.owner, hash))),
        });
        let lines = lines.collect();
        (*wanted).clone_into(sent);
        lines
    }

    /// Sends lines in batches; good lines count although others are rejected.
    async fn send(&mut self, lines: Vec<Line>) -> Result<(), IndexError> {
        let mut left = lines.as_slice();
        self.unsent.send_replace(left.len() as u64);
        while !left.is_empty() {
            let (batch, rest) = left.split_at(left.len().min(BATCH_COUNT));
            let answer = self.send_batch(batch).await?;
            log_rejected(batch, &answer);
            left = rest;
            self.unsent.send_replace(left.len() as u64);
        }
        Ok(())
    }

    async fn send_batch(&self, batch: &[Line]) -> Result<BatchResponse, IndexError> {
        loop {
            match self.api.batch(body(batch.to_vec())).await {
                Err(IndexError::Refused(problem))
                    if !is_forgotten(problem.status, &problem.slug) =>
                {
                    tracing::warn!(
                        reason = %clean(&problem.detail).text,
                        "the index does not take files now; tried again"
                    );
                    tokio::time::sleep(REFUSED_WAIT).await;
                }
                Err(IndexError::Busy {
                    problem,
                    retry_after,
                }) => {
                    tracing::info!(
                        reason = %clean(&problem.detail).text,
                        "the index is busy; files are sent later"
                    );
                    tokio::time::sleep(retry_after.mul_f64(1.0 + rand::random::<f64>())).await;
                }
                answer => return answer,
            }
        }
    }
}

/// Whether a refusal means that the session is over.
pub(super) fn is_forgotten(status: u16, slug: &str) -> bool {
    status == 401 || (status == 404 && slug == "unknown-peer")
}

/// The body of a batch: lines are made as the connection takes them.
fn body(
    lines: Vec<Line>,
) -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    stream::unfold(lines.into_iter(), |mut lines| async move {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        while chunk.len() < CHUNK_BYTES
            && let Some(line) = lines.next()
        {
            chunk.extend_from_slice(&line.to_json());
        }
        (!chunk.is_empty()).then(|| (Ok(Bytes::from(chunk)), lines))
    })
}

fn log_rejected(batch: &[Line], answer: &BatchResponse) {
    let rejected = told_of(batch, answer);
    for (name, detail) in rejected.iter().take(REJECTED_SHOWN_COUNT) {
        tracing::warn!(
            file = %clean(name).text,
            reason = %clean(detail).text,
            "the index does not take this file"
        );
    }
    let more = rejected.len().saturating_sub(REJECTED_SHOWN_COUNT);
    if more > 0 {
        tracing::warn!(
            count = more,
            "the index does not take more files, for like reasons"
        );
    }
}

/// Names and reasons of the lines that a person should hear of. A removal of what is not there is
/// done: what was withdrawn while the index was away is withdrawn once more.
fn told_of<'a>(batch: &[Line], answer: &'a BatchResponse) -> Vec<(String, &'a str)> {
    let rejected = answer.rejected.iter().filter_map(|rejected| {
        let at = usize::try_from(rejected.line).ok()?.checked_sub(1);
        let line = at.and_then(|at| batch.get(at));
        let is_unknown = rejected.slug == Slug::UnknownFile.as_str();
        let is_done = is_unknown && line.is_some_and(Line::is_removal);
        let name = line.map(Line::name).unwrap_or_default();
        (!is_done).then_some((name, rejected.detail.as_str()))
    });
    rejected.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::file::RejectedLine;

    #[test]
    fn a_removal_of_what_is_not_there_is_done() {
        let owner = PeerId::from_bytes([1; 32]);
        let id = FileId::of(&owner, &ContentHash::of(b"x"));
        let path = "gone.txt".to_owned();
        let batch = [Line::RemoveRecord(id), Line::Remove { id, path }];
        let rejected = |line, slug: Slug| RejectedLine {
            line,
            slug: slug.as_str().to_owned(),
            detail: "no".to_owned(),
        };
        let answer = BatchResponse {
            rejected: vec![
                rejected(1, Slug::UnknownFile),
                rejected(2, Slug::UnknownFile),
                rejected(2, Slug::InvalidField),
                rejected(9, Slug::UnknownFile),
            ],
            ..BatchResponse::default()
        };
        let told = told_of(&batch, &answer);
        assert_eq!(told, [("gone.txt".to_owned(), "no"), (String::new(), "no")]);
    }
}
