//! Everything that can be asked for, done. What a person may regret hands back what undoes it.

use std::path::Path;

use protocol::ids::PeerId;

use super::Engine;
use crate::config::value;
use crate::daemon::command::Action;
use crate::daemon::memory::Limits;
use crate::daemon::sections::last_part;
use crate::daemon::state::{Failure, FailureKind, Reply};
use crate::fetch::{DownloadId, FetchError, Wish};
use crate::index_client::{IndexError, IndexUrl, UrlError};

impl Engine {
    /// Does something.
    ///
    /// # Errors
    /// [`Failure`] in words for a person, with its kind for an exit code.
    pub async fn act(&self, action: Action) -> Result<Reply, Failure> {
        match action {
            Action::Download { wishes } => self.download(wishes).await,
            Action::DownloadFolder { peer, folder } => self.download_folder(&peer, &folder).await,
            Action::Pause { ids } => {
                self.0
                    .fetch
                    .pause(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("paused", ids, |ids| Some(Action::Resume { ids })))
            }
            Action::Resume { ids } => {
                self.0
                    .fetch
                    .resume(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("going on with", ids, |ids| {
                    Some(Action::Pause { ids })
                }))
            }
            Action::Cancel { ids } => {
                self.0
                    .fetch
                    .cancel(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("cancelled", ids, |ids| {
                    Some(Action::Restore { ids })
                }))
            }
            Action::Restore { ids } => {
                self.0
                    .fetch
                    .restore(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("restored", ids, |ids| {
                    Some(Action::Cancel { ids })
                }))
            }
            Action::Remove { ids } => {
                self.0
                    .fetch
                    .remove(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("taken off the list:", ids, |_| None))
            }
            Action::Retry { ids } => {
                self.0
                    .fetch
                    .retry(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("trying again:", ids, |_| None))
            }
            Action::MoreSources { ids } => {
                self.0
                    .fetch
                    .more_sources(&ids)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                Ok(done_with("looking for sources of", ids, |_| None))
            }
            Action::Prioritise { ids, step } => {
                self.0
                    .fetch
                    .prioritise(&ids, step)
                    .await
                    .map_err(|error| from_fetch(&error))?;
                let back = step.saturating_neg();
                Ok(done_with("priority changed:", ids, |ids| {
                    Some(Action::Prioritise { ids, step: back })
                }))
            }
            Action::SetLimits { down, up } => Ok(self.set_limits(Limits { down, up }).await),
            Action::AddShare { folder } => self.add_share(&folder).await,
            Action::RemoveShare { folder } => self.remove_share(&folder).await,
            Action::RescanShares => {
                self.0.share.rescan().await;
                Ok(done("looking at all shares again".to_owned(), None))
            }
            Action::Reconnect => {
                if let Some(index) = self.0.index.get() {
                    index.reconnect_now().await;
                }
                Ok(done("trying the index again".to_owned(), None))
            }
            Action::Connect { index } => self.connect(&index).await,
            Action::Block { peer } => Ok(self.block(peer).await),
            Action::Unblock { peer } => Ok(self.unblock(peer).await),
            Action::Stop => Ok(done("stopping".to_owned(), None)),
            Action::Search { params } => {
                let found = self
                    .search(&params)
                    .await
                    .map_err(|error| from_index(&error))?;
                Ok(Reply::Found(Box::new(found)))
            }
            Action::Status => Ok(Reply::Status(Box::new(self.status()))),
            Action::Content { hash } => {
                let found = self
                    .content(&hash)
                    .await
                    .map_err(|error| from_index(&error))?;
                let nobody = || not_found(format!("nobody on this network has {hash}"));
                Ok(Reply::Content(Box::new(found.ok_or_else(nobody)?)))
            }
        }
    }

    async fn download(&self, wishes: Vec<Wish>) -> Result<Reply, Failure> {
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
            .enqueue_many(new.clone())
            .await
            .map_err(|error| from_fetch(&error))?;
        let mut queued = Vec::new();
        for ((answer, wish), name) in answers.into_iter().zip(new).zip(names) {
            match answer {
                Ok(id) => {
                    ids.push(id);
                    queued.push(name);
                }
                Err(FetchError::AlreadyDone { .. }) if wish.save_as.is_some() => {
                    let again = self.0.fetch.enqueue_again(wish).await;
                    ids.push(again.map_err(|error| from_fetch(&error))?);
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

    async fn set_limits(&self, limits: Limits) -> Reply {
        let before = self.board().limits();
        self.0.fetch.set_down_limit(limits.down);
        self.0.serve.set_up_limit(limits.up);
        self.board().show_limits(limits);
        self.0
            .recall
            .change(move |all| all.limits = Some(limits))
            .await;
        let undo = Action::SetLimits {
            down: before.down,
            up: before.up,
        };
        done("limits set".to_owned(), Some(undo))
    }

    async fn add_share(&self, folder: &Path) -> Result<Reply, Failure> {
        let folder = value::folder(&folder.to_string_lossy()).map_err(refused)?;
        let share = &self.0.share;
        share
            .add_root(&folder)
            .await
            .map_err(|error| refused(error.message))?;
        let (remembered, settings) = (folder.clone(), self.0.config.shares.clone());
        self.0
            .recall
            .change(move |all| all.add_share(&remembered, &settings))
            .await;
        let note = format!("sharing {}", folder.display());
        tracing::info!("{note}");
        Ok(done(note, Some(Action::RemoveShare { folder })))
    }

    async fn remove_share(&self, folder: &Path) -> Result<Reply, Failure> {
        let folder = value::folder(&folder.to_string_lossy()).map_err(refused)?;
        let share = &self.0.share;
        share
            .remove_root(&folder)
            .await
            .map_err(|error| not_found(error.message))?;
        let (remembered, settings) = (folder.clone(), self.0.config.shares.clone());
        self.0
            .recall
            .change(move |all| all.remove_share(&remembered, &settings))
            .await;
        let note = format!("no longer sharing {}", folder.display());
        tracing::info!("{note}");
        Ok(done(note, Some(Action::AddShare { folder })))
    }

    async fn connect(&self, index: &str) -> Result<Reply, Failure> {
        let url: IndexUrl = index
            .parse()
            .map_err(|error: UrlError| refused(error.to_string()))?;
        let text = url.as_str().to_owned();
        let before = self.0.recall.read(|all| all.index.clone());
        let remembered = text.clone();
        self.0
            .recall
            .change(move |all| all.index = Some(remembered))
            .await;
        match self.0.index.get() {
            Some(client) => {
                client.set_index(url.clone()).await;
                self.show_index(&url);
            }
            None => self.0.index.name(url),
        }
        let undo = before.map(|index| Action::Connect { index });
        Ok(done(format!("using the index {text}"), undo))
    }

    async fn block(&self, peer: PeerId) -> Reply {
        self.0.fetch.block(peer).await;
        self.change_blocked(move |blocked| blocked.insert(peer))
            .await;
        let note = format!(
            "blocked {}: nothing is fetched from it",
            self.name_of(&peer)
        );
        done(note, Some(Action::Unblock { peer }))
    }

    async fn unblock(&self, peer: PeerId) -> Reply {
        self.0.fetch.unblock(peer).await;
        self.change_blocked(move |blocked| blocked.remove(&peer))
            .await;
        let note = format!("unblocked {}", self.name_of(&peer));
        done(note, Some(Action::Block { peer }))
    }

    async fn change_blocked(
        &self,
        change: impl FnOnce(&mut std::collections::BTreeSet<PeerId>) -> bool + Send + 'static,
    ) {
        self.0
            .recall
            .change(|all| {
                change(&mut all.blocked);
            })
            .await;
        let blocked = self.0.recall.read(|all| all.blocked.clone());
        self.board().change_peers(|book| {
            book.set_blocked(blocked);
            true
        });
    }

    fn name_of(&self, peer: &PeerId) -> String {
        let known = self
            .board()
            .read_peers(|book| book.get(peer).map(|peer| peer.name.clone()));
        known.unwrap_or_else(|| peer.short())
    }
}

fn done(note: String, undo: Option<Action>) -> Reply {
    Reply::Done {
        note,
        undo: undo.map(Box::new),
        ids: Vec::new(),
    }
}

fn done_with(
    verb: &str,
    ids: Vec<DownloadId>,
    undo: impl FnOnce(Vec<DownloadId>) -> Option<Action>,
) -> Reply {
    let note = match ids.as_slice() {
        [_] => format!("{verb} 1 download"),
        several => format!("{verb} {} downloads", several.len()),
    };
    Reply::Done {
        note,
        undo: undo(ids.clone()).map(Box::new),
        ids,
    }
}

/// A thing that is not there.
pub(super) const fn not_found(message: String) -> Failure {
    Failure {
        kind: FailureKind::NotFound,
        message,
    }
}

/// A wish that cannot be granted as it is.
pub(super) const fn refused(message: String) -> Failure {
    Failure {
        kind: FailureKind::Refused,
        message,
    }
}

/// Something broke.
pub(super) const fn failed(message: String) -> Failure {
    Failure {
        kind: FailureKind::Failed,
        message,
    }
}

/// What fetching said, with its kind.
pub(super) fn from_fetch(error: &FetchError) -> Failure {
    match error {
        FetchError::Unknown(_) => not_found(error.to_string()),
        _ => failed(error.to_string()),
    }
}

/// What the index said, with its kind.
pub(super) fn from_index(error: &IndexError) -> Failure {
    let kind = match error {
        IndexError::Unreachable { .. } => FailureKind::IndexUnreachable,
        IndexError::Refused(problem) if problem.status == 404 => FailureKind::NotFound,
        IndexError::Refused(_) => FailureKind::Refused,
        IndexError::Unexpected { .. } => FailureKind::Failed,
    };
    Failure {
        kind,
        message: error.to_string(),
    }
}
