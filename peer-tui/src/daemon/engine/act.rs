//! Everything that can be asked for, done. What a person may regret hands back what undoes it.

use std::path::Path;

use protocol::ids::PeerId;

use super::Engine;
use crate::config::value;
use crate::daemon::command::Action;
use crate::daemon::memory::Limits;
use crate::daemon::state::{Failure, FailureKind, Reply};
use crate::fetch::FetchError;
use crate::index_client::{IndexError, IndexUrl, UrlError};
use crate::share::RootStatus;

impl Engine {
    /// Does something; the log is told of changes, done or not.
    ///
    /// # Errors
    /// [`Failure`] in words for a person, with its kind for an exit code.
    pub async fn act(&self, action: Action) -> Result<Reply, Failure> {
        let is_told = is_change(&action);
        let answer = self.carry_out(action).await;
        match &answer {
            Ok(Reply::Done { note, .. }) if is_told => tracing::info!("{note}"),
            Err(failure) if is_told => tracing::warn!("{}", failure.message),
            _ => {}
        }
        answer
    }

    async fn carry_out(&self, action: Action) -> Result<Reply, Failure> {
        match action {
            Action::Download { wishes } => self.download(wishes).await,
            Action::DownloadFolder { peer, folder } => self.download_folder(&peer, &folder).await,
            Action::Pause { .. }
            | Action::Resume { .. }
            | Action::Cancel { .. }
            | Action::Restore { .. }
            | Action::Remove { .. }
            | Action::Retry { .. }
            | Action::MoreSources { .. }
            | Action::Prioritise { .. }
            | Action::SetPriority { .. }
            | Action::Reorder { .. }
            | Action::Arrange { .. }
            | Action::LimitTransfers { .. } => {
                let changed = self.change_downloads(action).await;
                changed.map_err(|error| from_fetch(&error))
            }
            Action::SetLimits { down, up } => Ok(self.set_limits(Limits { down, up }).await),
            Action::LiftLimits => Ok(self.lift_limits()),
            Action::LimitPeer { peer, down, up } => self.limit_peer(&peer, down, up).await,
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

    async fn add_share(&self, folder: &Path) -> Result<Reply, Failure> {
        let folder = value::share_folder(&folder.to_string_lossy())
            .map_err(|remedy| refused(format!("{}: {remedy}", folder.display())))?;
        let share = &self.0.share;
        let overlap = overlap(share.view().roots(), &folder);
        share
            .add_root(&folder)
            .await
            .map_err(|error| refused(error.message))?;
        let (remembered, settings) = (folder.clone(), self.0.config.shares.clone());
        self.0
            .recall
            .change(move |all| all.add_share(&remembered, &settings))
            .await;
        let note = format!("sharing {}{overlap}", folder.display());
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

    pub(super) fn name_of(&self, peer: &PeerId) -> String {
        let known = self
            .board()
            .read_peers(|book| book.get(peer).map(|peer| peer.name.clone()));
        known.unwrap_or_else(|| peer.short())
    }
}

/// Whether it is more than a question; that the daemon stops is told when it does.
const fn is_change(action: &Action) -> bool {
    !matches!(
        action,
        Action::Search { .. } | Action::Status | Action::Content { .. } | Action::Stop
    )
}

/// What to say of a share folder that is new beside others: files that lie in two of them are shared
/// once, with the inner one.
fn overlap(roots: &[RootStatus], folder: &Path) -> String {
    let inner = roots
        .iter()
        .filter(|root| root.root != folder && root.root.starts_with(folder));
    let inner: Vec<String> = inner.map(|root| root.root.display().to_string()).collect();
    let outer = roots
        .iter()
        .find(|root| root.root != folder && folder.starts_with(&root.root));
    match (inner.as_slice(), outer) {
        ([], None) => String::new(),
        ([], Some(outer)) => format!(", which lies in {}, shared already", outer.root.display()),
        ([one], _) => format!(", which holds {one}, shared already"),
        ([one, rest @ ..], _) => format!(
            ", which holds {one} and {} more, shared already",
            rest.len()
        ),
    }
}

pub(super) fn done(note: String, undo: Option<Action>) -> Reply {
    Reply::Done {
        note,
        undo: undo.map(Box::new),
        ids: Vec::new(),
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
        IndexError::Refused(_) | IndexError::Busy { .. } => FailureKind::Refused,
        IndexError::Unexpected { .. } => FailureKind::Failed,
    };
    Failure {
        kind,
        message: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_share_folder_around_or_within_others_is_said_to_be_so() {
        let root = |path: &str| RootStatus {
            root: PathBuf::from(path),
            trouble: None,
            is_downloads: false,
        };
        let roots = [root("/srv/films"), root("/srv/music"), root("/home/lena")];
        let said = |folder: &str| overlap(&roots, Path::new(folder));
        assert_eq!(said("/srv/filmstrips"), "");
        assert_eq!(
            said("/srv"),
            ", which holds /srv/films and 1 more, shared already"
        );
        assert_eq!(said("/home"), ", which holds /home/lena, shared already");
        assert_eq!(
            said("/srv/films/2024"),
            ", which lies in /srv/films, shared already"
        );
    }
}
