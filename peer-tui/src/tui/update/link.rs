//! The way to the daemon: lost, tried again, there again. The screen never ends because of it.

use jiff::SignedDuration;

use super::Turn;
use crate::tui::effect::Effect;
use crate::tui::model::DaemonLink;
use crate::tui::model::toast::Level;

/// Seconds before the first try; doubled with each one that fails, up to [`PAUSE_MAX_SECS`].
const PAUSE_MIN_SECS: i64 = 1;
const PAUSE_MAX_SECS: i64 = 30;

impl Turn<'_> {
    pub(super) fn link_lost(&mut self) {
        if self.model.is_stale() {
            return;
        }
        let now = self.model.now;
        let reason = std::mem::take(&mut self.model.goodbye);
        self.model.link = DaemonLink::Lost {
            since: now,
            retry_at: Some(now + SignedDuration::from_secs(PAUSE_MIN_SECS)),
            tries: 0,
            reason,
        };
        self.model.pending.clear();
        self.model.last_watch = None;
    }

    pub(super) fn link_up(&mut self) {
        self.model.link = DaemonLink::Up;
        self.model.last_watch = None;
        let now = self.model.now;
        self.model
            .toasts
            .push(Level::Ok, "connected to the daemon again", now);
    }

    pub(super) fn link_failed(&mut self, why: String) {
        let now = self.model.now;
        if let DaemonLink::Lost {
            retry_at,
            tries,
            reason,
            ..
        } = &mut self.model.link
        {
            *tries = tries.saturating_add(1);
            let pause = (PAUSE_MIN_SECS << (*tries).min(5)).min(PAUSE_MAX_SECS);
            *retry_at = Some(now + SignedDuration::from_secs(pause));
            *reason = why;
        }
    }

    pub(super) fn retry_if_due(&mut self) {
        let now = self.model.now;
        if let DaemonLink::Lost { retry_at, .. } = &mut self.model.link
            && retry_at.is_some_and(|at| at <= now)
        {
            *retry_at = None;
            self.effects.push(Effect::Reconnect);
        }
    }

    /// The person does not want to wait; whether there was anything to try.
    pub(super) fn retry_link_now(&mut self) -> bool {
        let DaemonLink::Lost { retry_at, .. } = &mut self.model.link else {
            return false;
        };
        if retry_at.take().is_some() {
            self.effects.push(Effect::Reconnect);
        }
        true
    }
}
