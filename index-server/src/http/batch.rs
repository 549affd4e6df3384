//! POST `/api/v1/files/batch`: lines of changes, read as they come and handed on in portions, so
//! that a batch of any length costs the memory of one portion. A bad line is rejected by itself.
//!
//! Each portion is a request of its own to the rules behind, but for two things. What is renamed keeps
//! its counts where both lines stand in one portion, so none ends with a line that takes something
//! away, if it can. And watchers are told of all portions by counts where one that is not the last
//! changed something: how many more there will be nobody knows then.

pub mod line;
pub mod lines;

use std::sync::Arc;

use protocol::file::{BatchResponse, RejectedLine};
use warp::reply::Response;

use self::line::BatchChange;
use self::lines::Lines;
use crate::command::{Actor, Answer, Command, FileChange, FileChanged, Refusal};
use crate::http::body::require_ndjson_type;
use crate::http::call::{Call, owner_mismatch};
use crate::http::files::unexpected;
use crate::http::reply;
use crate::metrics::Metrics;
use crate::sequencer::Index;

/// Changes handed to the sequencer at once: large enough that a commit is shared by many, small
/// enough that others get their turn.
const PORTION_MAX_COUNT: usize = 1_000;
/// Rejected lines that are told one by one; a list of them without end would be a memory hole.
const REJECTED_MAX_COUNT: usize = 10_000;

/// POST `/api/v1/files/batch`.
pub(super) async fn batch(mut call: Call) -> Result<Response, Refusal> {
    let started = call.app.clock.instant();
    let answer = take_lines(&mut call).await;
    let took = call.app.clock.instant() - started;
    let seconds = &call.app.metrics.ingest_seconds;
    seconds.observe(took.as_secs_f64());
    if answer.is_err() {
        call.body.drain().await;
    }
    reply::json(&answer?)
}

async fn take_lines(call: &mut Call) -> Result<BatchResponse, Refusal> {
    require_ndjson_type(&call.headers)?;
    let mut batch = Batch {
        index: call.index()?,
        metrics: Arc::clone(&call.app.metrics),
        actor: None,
        portion: Vec::new(),
        positions: Vec::new(),
        taken_through: 0,
        answer: BatchResponse::default(),
    };
    let read = batch.read(call).await;
    read.map_err(|refusal| batch.after_what_was_taken(refusal))?;
    // A line may be refused when it is read, or with its portion.
    batch.answer.rejected.sort_by_key(|rejected| rejected.line);
    Ok(batch.answer)
}
/// Whether the request has changes beyond a portion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Follows,
    Ends,
}

struct Batch {
    index: Index,
    metrics: Arc<Metrics>,
    actor: Option<Actor>,
    portion: Vec<FileChange>,
    /// The line that each change of the portion stands on.
    positions: Vec<u64>,
    /// The last line that was handed on.
    taken_through: u64,
    answer: BatchResponse,
}

impl Batch {
    /// All lines, to the last one or to what makes the rest pointless.
    async fn read(&mut self, call: &mut Call) -> Result<(), Refusal> {
        if call.header(protocol::routes::PEER_ID_HEADER).is_some() {
            self.become_actor(call, None)?;
        }
        let mut lines = Lines::default();
        while let Some(bytes) = call.body.next_in_pace().await? {
            lines.push(&bytes);
            while let Some((number, line)) = lines.next_line() {
                self.take(call, number, line).await?;
            }
        }
        if let Some((number, line)) = lines.last_line() {
            self.take(call, number, line).await?;
        }
        if self.actor.is_none() {
            // Nobody was named, by the header or a line.
            self.become_actor(call, None)?;
        }
        self.hand_on(More::Ends).await
    }

    fn become_actor(&mut self, call: &Call, owner: Option<&str>) -> Result<(), Refusal> {
        let actor = call.actor_or_owner(owner)?;
        self.index.check_actor(&actor)?;
        self.actor = Some(actor);
        Ok(())
    }

    /// One line; only what makes the whole request pointless is an error.
    async fn take(
        &mut self,
        call: &Call,
        number: u64,
        line: Result<&[u8], Refusal>,
    ) -> Result<(), Refusal> {
        let change = match line.and_then(line::read) {
            Ok(Some(change)) => change,
            Ok(None) => return Ok(()),
            Err(refusal) => {
                self.reject(number, refusal);
                return Ok(());
            }
        };
        let BatchChange { owner, change } = change;
        match (&self.actor, owner) {
            (Some(actor), Some(owner)) if owner != actor.peer.to_string() => {
                self.reject(number, owner_mismatch());
                return Ok(());
            }
            (None, owner) => self.become_actor(call, owner.as_deref())?,
            _ => {}
        }
        if self.is_full() {
            self.hand_on(More::Follows).await?;
        }
        self.portion.push(change);
        self.positions.push(number);
        Ok(())
    }

    /// Whether the next change is one of the next portion.
    fn is_full(&self) -> bool {
        let count = self.portion.len();
        let may_be_renaming = matches!(self.portion.last(), Some(FileChange::Remove { .. }));
        count >= PORTION_MAX_COUNT && (!may_be_renaming || count >= 2 * PORTION_MAX_COUNT)
    }

    async fn hand_on(&mut self, more: More) -> Result<(), Refusal> {
        let Some(actor) = self.actor.clone().filter(|_| !self.portion.is_empty()) else {
            return Ok(());
        };
        let changes = std::mem::take(&mut self.portion);
        let positions = std::mem::take(&mut self.positions);
        let changed_count = self.answer.added + self.answer.updated + self.answer.removed;
        let command = Command::ChangeFiles {
            actor,
            changes,
            is_long: more == More::Follows || changed_count > 0,
        };
        let Answer::FilesChanged(outcomes) = self.index.ask(command).await? else {
            return Err(unexpected());
        };
        self.taken_through = positions.last().copied().unwrap_or_default();
        self.count(&outcomes);
        for (number, outcome) in positions.into_iter().zip(outcomes) {
            match outcome {
                FileChanged::Added(_) => self.answer.added += 1,
                FileChanged::Updated(_) => self.answer.updated += 1,
                FileChanged::Removed => self.answer.removed += 1,
                FileChanged::Refused(refusal) => self.reject(number, refusal),
            }
        }
        Ok(())
    }

    /// Counts at once: how the rest of the batch ends does not change that these lines count.
    fn count(&self, outcomes: &[FileChanged]) {
        let count = |reason, is: fn(&FileChanged) -> bool| {
            let lines = outcomes.iter().filter(|outcome| is(outcome)).count();
            self.metrics.count_lines(reason, lines as u64);
        };
        count("added", |outcome| matches!(outcome, FileChanged::Added(_)));
        count("updated", |outcome| {
            matches!(outcome, FileChanged::Updated(_))
        });
        count("removed", |outcome| matches!(outcome, FileChanged::Removed));
    }

    /// Says what counts although the rest of the batch was refused.
    fn after_what_was_taken(&self, mut refusal: Refusal) -> Refusal {
        let BatchResponse {
            added,
            updated,
            removed,
            ..
        } = &self.answer;
        if added + updated + removed > 0 {
            let next = self.taken_through + 1;
            refusal.detail = format!(
                "{}. The lines before line {next} were taken and count ({added} added, {updated} \
                 updated, {removed} removed); the batch may be sent again from that line, or whole: \
                 what is there already stays as it is",
                refusal.detail
            );
        }
        refusal
    }

    fn reject(&mut self, number: u64, refusal: Refusal) {
        self.answer.rejected_count += 1;
        self.metrics.count_lines("rejected", 1);
        let detail = match (self.answer.rejected.len(), refusal.pointer) {
            (REJECTED_MAX_COUNT.., _) => return,
            (_, Some(pointer)) => format!("{pointer}: {}", refusal.detail),
            (_, None) => refusal.detail,
        };
        self.answer.rejected.push(RejectedLine {
            line: number,
            slug: refusal.slug.as_str().to_owned(),
            detail,
        });
    }
}
