//! Fetching a whole folder of one peer: its records are read page by page and queued with their
//! structure kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::file::FileInfo;
use protocol::ids::PeerId;

use super::Engine;
use super::act::{failed, from_fetch, from_index, not_found, refused};
use crate::daemon::command::Action;
use crate::daemon::peers::PeerBook;
use crate::daemon::state::{Failure, Reply};
use crate::fetch::store::place::Target;
use crate::fetch::{DownloadId, FetchError, Wish};
use crate::index_client::{IndexApi, IndexError, PeerTable};

/// Wishes of one write to the queue.
const WISHES_CHUNK_COUNT: usize = 10_000;

impl Engine {
    /// Queues every file of `peer` (a name or an id) at or below `folder`.
    pub(super) async fn download_folder(&self, peer: &str, folder: &str) -> Result<Reply, Failure> {
        let known = self.board().read_peers(|book| book.find(peer));
        let id = if let Ok(id) = known {
            id
        } else {
            // Right after the start, or a peer that is new this second.
            let url = self.index().map_err(|error| from_index(&error))?.url();
            let api = IndexApi::new(url).map_err(|error| from_index(&error))?;
            find_peer(&api, peer)
                .await
                .map_err(|error| from_index(&error))?
                .map_err(not_found)?
        };
        if id == self.board().facts().id {
            return Err(refused("these files are your own".to_owned()));
        }
        let folder = folder.trim_matches('/');
        let mut queue = Queue::default();
        self.read_folder(&id, folder, &mut queue).await?;
        self.queue_folder(&mut queue).await?;
        if queue.ids.is_empty() && queue.already == 0 {
            return Err(not_found(match folder {
                "" => format!("{peer} does not share anything"),
                folder => format!("{peer} does not share `{folder}`"),
            }));
        }
        let name = self.board().read_peers(|book| {
            let name = book.get(&id).map(|peer| peer.name.clone());
            name.unwrap_or_else(|| peer.to_owned())
        });
        let name = protocol::text::clean(&name).text;
        let mut note = match queue.ids.len() {
            1 => format!("queued 1 file of {name}"),
            count => format!("queued {count} files of {name}"),
        };
        if queue.copied > 0 {
            let copied = queue.copied;
            note = format!("{note}, you have {copied} of them: copied from what you share");
        }
        if queue.already > 0 {
            note = format!("{note}, {} are here already", queue.already);
        }
        Ok(Reply::Done {
            note,
            undo: Some(Box::new(Action::Cancel {
                ids: queue.ids.clone(),
            })),
            ids: queue.ids,
        })
    }

    async fn read_folder(
        &self,
        peer: &PeerId,
        folder: &str,
        queue: &mut Queue,
    ) -> Result<(), Failure> {
        let downloads = &self.0.config.downloads;
        let mut cursor = None;
        loop {
            let page = self
                .peer_files(peer, folder, cursor)
                .await
                .map_err(|error| from_index(&error))?;
            let view = self.share_view();
            for file in page.files {
                let Some(mine) = view.by_hash(&file.hash) else {
                    queue.wishes.push((wish(file), Origin::Peer));
                    continue;
                };
                let place = Target::of(downloads, &file.path, None).path();
                let mut names = view.names_of(&mine.id);
                if names.any(|one| one.root.join(&one.relative) == place) {
                    queue.already += 1;
                } else {
                    queue.wishes.push((wish(file), Origin::Share));
                }
            }
            if queue.wishes.len() >= WISHES_CHUNK_COUNT {
                self.queue_folder(queue).await?;
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn queue_folder(&self, queue: &mut Queue) -> Result<(), Failure> {
        if queue.wishes.is_empty() {
            return Ok(());
        }
        let wishes = std::mem::take(&mut queue.wishes);
        let (wishes, origins): (Vec<_>, Vec<_>) = wishes.into_iter().unzip();
        let answers = self
            .0
            .fetch
            .enqueue_many(wishes)
            .await
            .map_err(|error| from_fetch(&error))?;
        for (answer, origin) in answers.into_iter().zip(origins) {
            match answer {
                Ok(id) => {
                    queue.ids.push(id);
                    queue.copied += usize::from(origin == Origin::Share);
                }
                Err(FetchError::AlreadyDone { .. }) => queue.already += 1,
                Err(error) => return Err(failed(error.to_string())),
            }
        }
        Ok(())
    }
}

/// The peer that a person means, asked of the index itself; inside: why it is none.
///
/// # Errors
/// When the index does not answer.
pub async fn find_peer(api: &IndexApi, text: &str) -> Result<Result<PeerId, String>, IndexError> {
    let mut table = PeerTable::default();
    table.replace(api.all_peers().await?);
    let mut book = PeerBook::new(PeerId::from_bytes([0; 32]), BTreeSet::new());
    book.show(Arc::new(table));
    Ok(book.find(text))
}

/// Where the bytes of a wish will come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Peer,
    Share,
}

#[derive(Default)]
struct Queue {
    wishes: Vec<(Wish, Origin)>,
    ids: Vec<DownloadId>,
    /// Of those, the ones whose content is shared here.
    copied: usize,
    /// At their place.
    already: usize,
}

fn wish(file: FileInfo) -> Wish {
    Wish {
        hash: file.hash,
        size_bytes: file.size,
        path: file.path,
        save_as: None,
    }
}
