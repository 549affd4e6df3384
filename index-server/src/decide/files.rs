//! Rules of files: one record an owner and content, many names a record. What a request takes away
//! and brings back lives on (`kept`); what watchers hear of one is in `tally`.

mod kept;
mod tally;

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::category::Category;
use protocol::ids::{FileId, PeerId};
use protocol::limits::NAMES_PER_RECORD_MAX_COUNT;
use protocol::problem::Slug;
use protocol::registration::CheckedFile;
use protocol::tags::derive_tags;

use kept::Kept;
use tally::Tally;

use super::{Decision, Draft, News, Rules, check_actor};
use crate::catalog::{FileEntry, RecordName};
use crate::command::{Actor, Answer, FileChange, FileChanged, Refusal};
use crate::record::{FileOp, Moment, PutFile, Record};
use crate::world::apply::{apply_file_op, put_file};
use crate::world::{Files, Ground};

/// Takes a peer's changes one after the other; what is refused does not hold up the rest.
pub(super) fn change<F: Files>(
    actor: &Actor,
    changes: Vec<FileChange>,
    is_long: bool,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
    rules: &Rules,
) -> Result<Decision, Refusal> {
    check_actor(actor, draft, now)?;
    draft.reserve(changes.len());
    let mut taker = Taker {
        owner: actor.peer,
        at: now.into(),
        rules,
        ops: Vec::with_capacity(changes.len()),
        tally: Tally::for_count(changes.len()),
        kept: Kept::default(),
    };
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        let outcome = match change {
            FileChange::Add(file) => taker.add(file, draft),
            FileChange::Remove { id, path } => taker.remove(&id, path.as_deref(), draft),
        };
        outcomes.push(outcome.unwrap_or_else(FileChanged::Refused));
    }
    let mut decision = Decision::new(Answer::FilesChanged(outcomes)).showing_alive(actor.peer);
    if !taker.ops.is_empty() {
        decision = decision.with(Record::FilesChanged {
            at: taker.at,
            owner: taker.owner,
            ops: taker.ops,
        });
        for record in taker.kept.into_records(actor.peer, draft) {
            draft.apply(&record);
            decision = decision.with(record);
        }
        decision.news = taker.tally.into_news(actor.peer, is_long, draft);
    }
    Ok(decision)
}

/// Takes the changes of one request.
struct Taker<'r> {
    owner: PeerId,
    at: Moment,
    rules: &'r Rules,
    ops: Vec<FileOp>,
    tally: Tally,
    kept: Kept,
}

impl Taker<'_> {
    fn add<F: Files>(
        &mut self,
        file: CheckedFile,
        draft: &mut Draft<'_, F>,
    ) -> Result<FileChanged, Refusal> {
        let id = FileId::of(&self.owner, &file.hash);
        let path = file.path.as_str();
        let earlier = draft.fetch(&id);
        let was_there = earlier.is_some();
        let was_complete = earlier.is_some_and(|entry| !entry.is_partial);
        let name_count = earlier.map_or(0, |entry| entry.names.len());
        let mut names = earlier.into_iter().flat_map(|entry| &entry.names);
        if !names.any(|name| name.path == path) {
            check_names(name_count)?;
            self.check_room(draft)?;
        }
        self.push(
            FileOp::Put(Box::new(PutFile {
                id,
                hash: file.hash,
                pieces_root: file.pieces_root,
                size_bytes: file.size_bytes,
                category: file.category,
                tags: file.tags,
                name: RecordName {
                    path: file.path.into(),
                    filename: file.filename,
                },
                // What is complete does not become unfinished.
                is_partial: file.is_partial && !was_complete,
            })),
            draft,
        );
        let Some(entry) = draft.fetch(&id) else {
            return Err(Refusal::new(
                Slug::Internal,
                "the file's id is taken by another peer's record",
            ));
        };
        if entry.is_partial {
            // Not a file that anybody can browse yet.
        } else if was_complete {
            self.tally.updated(id);
        } else {
            self.tally.added(id);
        }
        Ok(if was_there {
            FileChanged::Updated(id)
        } else {
            FileChanged::Added(id)
        })
    }

    fn remove<F: Files>(
        &mut self,
        id: &FileId,
        path: Option<&str>,
        draft: &mut Draft<'_, F>,
    ) -> Result<FileChanged, Refusal> {
        let unknown = |detail: &str| Refusal::new(Slug::UnknownFile, detail);
        let entry = draft
            .fetch(id)
            .ok_or_else(|| unknown("this file is not registered"))?;
        if entry.owner != self.owner {
            return Err(unknown(
                "this file is registered by another peer; only its owner can withdraw it",
            ));
        }
        match path {
            Some(path) if !entry.names.iter().any(|name| name.path == path) => {
                return Err(unknown("this file does not go by that path"));
            }
            Some(path) => self.unname(*id, path, draft),
            None => {
                let entry = entry.clone();
                self.kept.note(&entry, draft);
                self.push(FileOp::Remove(*id), draft);
                self.tally.removed(entry);
            }
        }
        Ok(FileChanged::Removed)
    }

    /// Takes a name away, and the record with its last one.
    fn unname<F: Files>(&mut self, id: FileId, path: &str, draft: &mut Draft<'_, F>) {
        let before = draft.fetch(&id);
        let last = before.and_then(|entry| entry.names.last());
        let gone = last.filter(|name| name.path == path).cloned();
        let only = before.filter(|entry| entry.names.len() == 1).cloned();
        if let Some(entry) = &only {
            self.kept.note(entry, draft);
        }
        let path = CompactString::from(path);
        self.push(FileOp::Unname { id, path }, draft);
        if let Some(entry) = only {
            self.tally.removed(entry);
        }
        let Some(entry) = draft.fetch(&id) else {
            return;
        };
        if !entry.is_partial {
            self.tally.updated(id);
        }
        let put = gone.and_then(|gone| described_anew(entry, &gone));
        if let Some(put) = put {
            self.push(FileOp::Put(Box::new(put)), draft);
        }
    }

    fn push<F: Files>(&mut self, op: FileOp, draft: &mut Draft<'_, F>) {
        match &op {
            FileOp::Put(put) => put_file(draft, &self.owner, self.at, PutFile::clone(put)),
            other => apply_file_op(draft, &self.owner, self.at, other.clone()),
        }
        self.ops.push(op);
    }

    /// Whether the peer may have one more name.
    fn check_room<F: Files>(&self, draft: &Draft<'_, F>) -> Result<(), Refusal> {
        let limit = self.rules.names_per_peer_max_count;
        if draft.name_count(&self.owner) >= limit {
            let detail = format!(
                "a peer may have {limit} files; withdraw some, or share the rest from another peer"
            );
            return Err(Refusal::new(Slug::TooManyFiles, detail));
        }
        Ok(())
    }
}

/// `entry` as its last name says, where kind and tags still follow from `gone`, which was the last
/// one before.
fn described_anew(entry: &FileEntry, gone: &RecordName) -> Option<PutFile> {
    let name = entry.names.last()?;
    let is_derived = (entry.category, &entry.tags) == (category(gone), &tags(gone));
    let (category, tags) = (category(name), tags(name));
    let is_new = (entry.category, &entry.tags) != (category, &tags);
    (is_derived && is_new).then(|| PutFile {
        id: entry.id,
        hash: entry.hash,
        pieces_root: entry.pieces_root,
        size_bytes: entry.size_bytes,
        category,
        tags,
        name: name.clone(),
        is_partial: entry.is_partial,
    })
}

fn category(name: &RecordName) -> Category {
    let last = name.path.rsplit('/').next().unwrap_or_default();
    Category::of_name(name.filename.as_deref().unwrap_or(last))
}

fn tags(name: &RecordName) -> Vec<CompactString> {
    let tags = derive_tags(&name.path).into_iter();
    tags.map(CompactString::from).collect()
}

/// Whether a record may have one more name.
fn check_names(name_count: usize) -> Result<(), Refusal> {
    if name_count >= NAMES_PER_RECORD_MAX_COUNT {
        let detail = format!(
            "this content goes by {NAMES_PER_RECORD_MAX_COUNT} names of this peer already; \
             withdraw one of them first"
        );
        return Err(Refusal::new(Slug::TooManyFiles, detail).at("/path"));
    }
    Ok(())
}

/// A redirect is about to be given.
pub(super) fn count_download<F: Files>(
    file: FileId,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let mut entry = draft
        .file(&file)
        .ok_or_else(|| Refusal::new(Slug::UnknownFile, "this file is not registered"))?;
    entry.downloads = entry.downloads.saturating_add(1);
    let record = Record::Downloaded {
        at: now.into(),
        owner: entry.owner,
        file,
        downloads: entry.downloads,
    };
    draft.apply(&record);
    Ok(Decision::new(Answer::Counted {
        downloads: entry.downloads,
    })
    .with(record)
    .telling(News::Download(entry)))
}
