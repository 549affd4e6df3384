//! The only way to change anything: one task takes a batch of commands, decides, journals, applies,
//! swaps the view, publishes, answers.
//!
//! Knows nothing of HTTP.

use std::sync::Arc;

use crate::command::{Answer, Command, Refusal};
use crate::view::View;

/// A cheap handle to ask the sequencer and to read what it made.
#[derive(Debug, Clone)]
pub struct Index {}

impl Index {
    /// Carries out a command; once this yields `Ok`, its records are durable and readers see them.
    ///
    /// # Errors
    /// The [`Refusal`] of a rule; `Slug::Overloaded` when the queue is full, `Slug::ShuttingDown`
    /// when it has stopped, `Slug::Internal` when the journal failed.
    pub async fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        let _ = command;
        unimplemented!("helper")
    }

    /// The state that readers see now.
    pub fn view(&self) -> Arc<View> {
        unimplemented!("helper")
    }

    /// Checks that the caller may act as the peer it claims to be, from the current state, without
    /// a trip through the queue (for reads that are for the owner only, and before a long body).
    ///
    /// # Errors
    /// The same refusals as the commands.
    pub fn check_actor(&self, actor: &crate::command::Actor) -> Result<(), Refusal> {
        let _ = actor;
        unimplemented!("helper")
    }
}
