//! What is carried out in one go, and is one transaction of the journal.

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::Envelope;
use super::telling::kind_of;
use crate::command::{Answer, Command, Refusal};

/// Commands of one batch: their records are one transaction.
const BATCH_MAX_COMMANDS: usize = 1_024;

/// File changes of one batch: some 100 ms of work, so that nobody waits longer for a heartbeat.
const BATCH_MAX_CHANGES: usize = 8_192;

/// Takes what waits, up to the bounds of a batch.
pub(super) fn collect(first: Envelope, queue: &mut mpsc::Receiver<Envelope>) -> Vec<Envelope> {
    let changes_of = |envelope: &Envelope| match &envelope.command {
        Command::ChangeFiles { changes, .. } => changes.len(),
        _ => 0,
    };
    let mut change_count = changes_of(&first);
    let mut batch = vec![first];
    while batch.len() < BATCH_MAX_COMMANDS
        && change_count < BATCH_MAX_CHANGES
        && let Ok(next) = queue.try_recv()
    {
        change_count += changes_of(&next);
        batch.push(next);
    }
    batch
}

/// Who waits for a command to be done.
pub(super) struct Caller {
    /// The label of the command.
    pub(super) kind: &'static str,
    pub(super) reply: Option<oneshot::Sender<Result<Answer, Refusal>>>,
    /// Held until the command is done.
    _room: Option<OwnedSemaphorePermit>,
}

impl Envelope {
    /// The command, and who waits for it.
    pub(super) fn open(self) -> (Command, Caller) {
        let caller = Caller {
            kind: kind_of(&self.command),
            reply: self.reply,
            _room: self.room,
        };
        (self.command, caller)
    }
}
