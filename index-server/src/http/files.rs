//! Records one by one: register, show, withdraw, rate.

use protocol::file::{FileRegistered, FileRegistration, RatingRequest};
use protocol::ids::FileId;
use protocol::problem::Slug;
use protocol::registration::{CheckedFile, FieldError};
use warp::reply::Response;

use crate::catalog::FileEntry;
use crate::command::{Actor, Answer, Command, FileChange, FileChanged, Refusal};
use crate::http::call::Call;
use crate::http::problem::invalid_field;
use crate::http::reply;
use crate::view::{View, file_to_wire};

/// POST `/api/v1/files/register`.
pub(super) async fn register(mut call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let registration: FileRegistration = call.body.json(&call.headers).await?;
    let actor = call.actor_or_owner(registration.owner.as_deref())?;
    let checked = check(&registration)?;
    let (created, id) = match change_one(&index, actor, FileChange::Add(checked)).await? {
        FileChanged::Added(id) => (true, id),
        FileChanged::Updated(id) => (false, id),
        FileChanged::Refused(refusal) => return Err(refusal),
        FileChanged::Removed => return Err(unexpected()),
    };
    let view = index.view();
    let entry = view.catalog.file(&id).ok_or_else(unknown_file)?;
    reply::json(&FileRegistered {
        id: entry.id,
        created,
        file: show_entry(&view, &entry, &call)?,
    })
}

/// GET `/api/v1/files/{id}`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let entry = view
        .catalog
        .file(&file_id(&call.target)?)
        .ok_or_else(unknown_file)?;
    reply::json(&show_entry(&view, &entry, &call)?)
}

/// DELETE `/api/v1/files/{id}`; with `?path=` only that name of it.
pub(super) async fn withdraw(call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let change = FileChange::Remove {
        id: file_id(&call.target)?,
        path: call.params.text("path").map(str::to_owned),
    };
    match change_one(&index, call.actor()?, change).await? {
        FileChanged::Removed => Ok(reply::nothing()),
        FileChanged::Refused(refusal) => Err(refusal),
        FileChanged::Added(_) | FileChanged::Updated(_) => Err(unexpected()),
    }
}

/// POST `/api/v1/files/{id}/rating`.
pub(super) async fn rate(mut call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let actor = call.actor()?;
    let file = file_id(&call.target)?;
    let RatingRequest { stars } = call.body.json(&call.headers).await?;
    if !(1..=5).contains(&stars) {
        return Err(invalid_field("/stars", "a rating is 1 to 5 stars"));
    }
    let command = Command::Rate { actor, file, stars };
    match index.ask(command).await? {
        Answer::Rated(rating) => reply::json(&rating),
        _ => Err(unexpected()),
    }
}

async fn change_one(
    index: &crate::sequencer::Index,
    actor: Actor,
    change: FileChange,
) -> Result<FileChanged, Refusal> {
    let command = Command::ChangeFiles {
        actor,
        changes: vec![change],
        is_long: false,
    };
    match index.ask(command).await? {
        Answer::FilesChanged(outcomes) => outcomes.into_iter().next().ok_or_else(unexpected),
        _ => Err(unexpected()),
    }
}

fn show_entry(
    view: &View,
    entry: &FileEntry,
    call: &Call,
) -> Result<protocol::file::FileInfo, Refusal> {
    let owner = view.peers.get(&entry.owner).ok_or_else(unknown_file)?;
    let sources = view.catalog.sources(&entry.hash);
    Ok(file_to_wire(entry, None, owner, sources, call.vantage()))
}

/// Checks a registration by the rules of the contract.
///
/// # Errors
/// `invalid-field` at the first bad field.
pub fn check(registration: &FileRegistration) -> Result<CheckedFile, Refusal> {
    registration
        .check()
        .map_err(|FieldError { pointer, message }| invalid_field(pointer, message))
}

/// Reads a record's id; what is no id cannot be the id of a record.
///
/// # Errors
/// `unknown-file`.
pub fn file_id(text: &str) -> Result<FileId, Refusal> {
    text.parse().map_err(|_| unknown_file())
}

/// No record has this id.
pub fn unknown_file() -> Refusal {
    Refusal::new(
        Slug::UnknownFile,
        "no file is registered under this id; it may have been withdrawn or changed, search again",
    )
}

/// The sequencer answered another command than the one asked.
pub fn unexpected() -> Refusal {
    Refusal::new(Slug::Internal, "a command was answered as another one")
}
