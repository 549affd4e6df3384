//! Asking the daemon to do something, and telling the person about it.

use super::Turn;
use crate::daemon::command::{Action, ClientMessage};
use crate::tui::effect::Effect;
use crate::tui::keymap::Command;
use crate::tui::model::Pending;
use crate::tui::model::toast::{Back, Level};
use crate::tui::words;

impl Turn<'_> {
    /// Sends a change; its answer becomes a toast.
    pub(super) fn act(&mut self, action: Action) {
        let is_final = matches!(action, Action::Remove { .. });
        self.send(
            action,
            if is_final {
                Pending::Final
            } else {
                Pending::Change
            },
        );
    }

    /// The same where nobody is to come back from it.
    pub(super) fn act_for_good(&mut self, action: Action) {
        self.send(action, Pending::Final);
    }

    fn send(&mut self, action: Action, pending: Pending) {
        if self.model.is_stale() {
            self.fail("there is no daemon to do that now");
            return;
        }
        self.model.last_number += 1;
        let number = self.model.last_number;
        self.model.pending.insert(number, pending);
        self.effects.push(Effect::Send(Box::new(ClientMessage::Do {
            number,
            action: Box::new(action),
        })));
    }

    pub(super) fn undo_last(&mut self) {
        match self.model.undo.pop() {
            Some(Back::By(action)) => self.send(action, Pending::Undo),
            Some(Back::Never) => {
                let before = self
                    .model
                    .hint(Command::Undo, "again undoes the change before it");
                self.note(words::two(
                    "What was taken off the list does not come back",
                    before,
                ));
            }
            None => self.note("nothing to undo"),
        }
    }

    /// Tells something that is neither good nor bad.
    pub(super) fn note(&mut self, words: impl Into<String>) {
        let now = self.model.now;
        self.model.toasts.push(Level::Note, words, now);
    }

    /// Tells why something was not done.
    pub(super) fn fail(&mut self, words: impl Into<String>) {
        let now = self.model.now;
        self.model.toasts.push(Level::Error, words, now);
    }
}
