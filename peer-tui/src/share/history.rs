//! The last changes of a share, for readers that follow it.
//!
//! Pure; bounded: who is further behind takes the whole view.

use std::collections::VecDeque;

use super::ShareChange;

/// Changes kept; at 24 bytes and a pointer each, at most some megabytes.
const CHANGES_MAX_COUNT: usize = 65_536;

/// The last changes; change number n leads from revision n - 1 to revision n.
#[derive(Debug, Default)]
pub struct History {
    changes: VecDeque<ShareChange>,
    revision: u64,
}

impl History {
    /// The revision after the last change.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Adds changes in their order.
    pub fn extend(&mut self, changes: impl IntoIterator<Item = ShareChange>) {
        for change in changes {
            if self.changes.len() == CHANGES_MAX_COUNT {
                self.changes.pop_front();
            }
            self.changes.push_back(change);
            self.revision += 1;
        }
    }

    /// Changes after `revision`, oldest first; `None` when they are no longer held, or when there
    /// never was such a revision.
    pub fn since(&self, revision: u64) -> Option<Vec<ShareChange>> {
        let behind = usize::try_from(self.revision.checked_sub(revision)?).ok()?;
        let skip = self.changes.len().checked_sub(behind)?;
        Some(self.changes.iter().skip(skip).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::FileId;
    use protocol::names::SharePath;

    fn removed(number: usize) -> ShareChange {
        ShareChange::Removed {
            id: FileId::from_bytes([0; 16]),
            path: SharePath::new(&format!("f{number}")).unwrap(),
        }
    }

    fn names(changes: Option<Vec<ShareChange>>) -> Option<Vec<String>> {
        let name = |change: &ShareChange| match change {
            ShareChange::Removed { path, .. } => path.to_string(),
            ShareChange::Added(file) => file.path.to_string(),
        };
        changes.map(|changes| changes.iter().map(name).collect())
    }

    #[test]
    fn a_follower_gets_what_it_missed_or_learns_that_it_is_too_far_behind() {
        let mut history = History::default();
        assert_eq!(names(history.since(0)), Some(vec![]));
        assert_eq!(names(history.since(1)), None);
        history.extend((0..3).map(removed));
        assert_eq!(names(history.since(3)), Some(vec![]));
        assert_eq!(
            names(history.since(1)),
            Some(vec!["f1".into(), "f2".into()])
        );
        history.extend((3..=CHANGES_MAX_COUNT).map(removed));
        assert_eq!(names(history.since(0)), None);
        let all = history.since(1).map(|changes| changes.len());
        assert_eq!(all, Some(CHANGES_MAX_COUNT));
    }
}
