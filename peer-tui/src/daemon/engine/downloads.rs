//! What is done to downloads: queued, paused, taken away, and so on.

use std::collections::HashSet;

use super::Engine;
use super::act::from_fetch;
use crate::daemon::command::Action;
use crate::daemon::sections::last_part;
use crate::daemon::state::{Failure, Reply, is_open};
use crate::fetch::{DownloadId, FetchError, Wish};

impl Engine {
    /// Does one of the actions on downloads that are there; others do nothing.
    pub(super) async fn change_downloads(&self, action: Action) -> Result<Reply, FetchError> {
        match action {
            Action::Pause { ids } => {
                self.0.fetch.pause(&ids).await?;
                Ok(done_with("paused", ids, |ids| Some(Action::Resume { ids })))
            }
            Action::Resume { ids } => {
                self.0.fetch.resume(&ids).await?;
                Ok(done_with("going on with", ids, |ids| {
                    Some(Action::Pause { ids })
                }))
            }
            Action::Cancel { ids } => self.cancel(ids).await,
            Action::Restore { ids } => {
                self.0.fetch.restore(&ids).await?;
                Ok(done_with("restored", ids, |ids| {
                    Some(Action::Cancel { ids })
                }))
            }
            Action::Remove { ids } => {
                self.0.fetch.remove(&ids).await?;
                Ok(done_with("taken off the list:", ids, |_| None))
            }
            Action::Retry { ids } => {
                self.0.fetch.retry(&ids).await?;
                Ok(done_with("trying again:", ids, |_| None))
            }
            Action::MoreSources { ids } => {
                self.0.fetch.more_sources(&ids).await?;
                Ok(done_with("looking for sources of", ids, |_| None))
            }
            Action::Prioritise { ids, step } => {
                self.0.fetch.prioritise(&ids, step).await?;
                let back = step.saturating_neg();
                let undo = Action::Prioritise {
                    ids: ids.clone(),
                    step: back,
                };
                Ok(told(self.priority_in_words(&ids), Some(undo), ids))
            }
            Action::SetPriority { ids, priority } => self.set_priority(ids, priority).await,
            Action::Reorder { ids, to } => self.reorder(ids, to).await,
            Action::Arrange { order } => {
                self.0.fetch.arrange(order.clone()).await?;
                Ok(done_with("moved back", order, |_| None))
            }
            Action::LimitTransfers { ids, down } => {
                let view = self.0.fetch.view();
                let limits = view.downloads.iter().filter(|one| ids.contains(&one.id));
                let mut before: Vec<Option<u64>> = limits.map(|one| one.limit_bytes).collect();
                before.dedup();
                self.0.fetch.limit(&ids, down).await?;
                let verb = if down.is_some() {
                    "limit set for"
                } else {
                    "no limit of its own for"
                };
                Ok(done_with(verb, ids, |ids| match before.as_slice() {
                    [before] => Some(Action::LimitTransfers { ids, down: *before }),
                    _ => None,
                }))
            }
            _ => Ok(done_with("nothing to do for", Vec::new(), |_| None)),
        }
    }

    /// Cancels what has not ended: undoing a wish that has come true says so and takes nothing away.
    async fn cancel(&self, ids: Vec<DownloadId>) -> Result<Reply, FetchError> {
        let view = self.0.fetch.view();
        let over = view.downloads.iter().filter(|one| !is_open(&one.state));
        let over: HashSet<DownloadId> = over.map(|one| one.id).collect();
        let (over, open): (Vec<_>, Vec<_>) = ids.iter().copied().partition(|id| over.contains(id));
        self.0.fetch.cancel(&open).await?;
        let note = cancelled_words(open.len(), over.len());
        let undo = (!open.is_empty()).then_some(Action::Restore { ids: open });
        Ok(told(note, undo, ids))
    }

    /// Queues what is not here yet.
    pub(super) async fn download(&self, wishes: Vec<Wish>) -> Result<Reply, Failure> {
        let view = self.share_view();
        let (mut new, mut ids, mut there) = (Vec::new(), Vec::new(), Vec::new());
        for wish in wishes {
            match view.by_hash(&wish.hash).filter(|_| wish.save_as.is_none()) {
                Some(file) => there.push(file.root.join(&file.relative)),
                None => new.push(wish),
            }
        }
        let names: Vec<String> = new
            .iter()
            .map(|wish| last_part(&wish.path).to_owned())
            .collect();
        let answers = self
            .0
            .fetch
            .enqueue_many(new)
            .await
            .map_err(|error| from_fetch(&error))?;
        // Whoever looks next must not see how an earlier try of it ended.
        self.board().show_downloads(&self.0.fetch.view());
        let mut queued = Vec::new();
        for (answer, name) in answers.into_iter().zip(names) {
            match answer {
                Ok(id) => {
                    ids.push(id);
                    queued.push(name);
                }
                Err(FetchError::AlreadyDone { id, destination }) => {
                    ids.push(id);
                    there.push(destination);
                }
                Err(error) => return Err(from_fetch(&error)),
            }
        }
        let note = match (queued.as_slice(), there.as_slice()) {
            ([name], []) => format!("queued {name}"),
            (names, []) => format!("queued {} files", names.len()),
            ([], [path]) => format!("it is here already: {}", path.display()),
            (names, there) => format!("queued {}, {} here already", names.len(), there.len()),
        };
        let undo = (!queued.is_empty()).then(|| Action::Cancel { ids: ids.clone() });
        Ok(Reply::Done {
            note,
            undo: undo.map(Box::new),
            ids,
        })
    }
}

fn cancelled_words(open: usize, over: usize) -> String {
    let counted = |count: usize| match count {
        1 => "1 download".to_owned(),
        count => format!("{count} downloads"),
    };
    match (open, over) {
        (0, 1..) => format!("{} ended before: nothing is cancelled", counted(over)),
        (_, 0) => format!("cancelled {}", counted(open)),
        _ => format!("cancelled {}, {over} ended before", counted(open)),
    }
}

pub(super) fn done_with(
    verb: &str,
    ids: Vec<DownloadId>,
    undo: impl FnOnce(Vec<DownloadId>) -> Option<Action>,
) -> Reply {
    let note = match ids.as_slice() {
        [_] => format!("{verb} 1 download"),
        several => format!("{verb} {} downloads", several.len()),
    };
    told(note, undo(ids.clone()), ids)
}

/// Done, in these words.
pub(super) fn told(note: String, undo: Option<Action>, ids: Vec<DownloadId>) -> Reply {
    Reply::Done {
        note,
        undo: undo.map(Box::new),
        ids,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_cancelled_is_called_so() {
        assert_eq!(cancelled_words(1, 0), "cancelled 1 download");
        assert_eq!(
            cancelled_words(3, 2),
            "cancelled 3 downloads, 2 ended before"
        );
        assert_eq!(
            cancelled_words(0, 120),
            "120 downloads ended before: nothing is cancelled"
        );
        assert_eq!(cancelled_words(0, 0), "cancelled 0 downloads");
    }
}
