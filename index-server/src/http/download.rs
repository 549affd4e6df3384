//! GET `/download/{file_id}`: counts one download and redirects to a peer that has the bytes.

use std::cmp::Reverse;
use std::sync::Arc;

use http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use http::{HeaderValue, Method, StatusCode};
use protocol::problem::Slug;
use warp::reply::Response;

use crate::catalog::FileEntry;
use crate::command::{Command, Refusal};
use crate::http::call::Call;
use crate::http::content::file_name;
use crate::http::files::{file_id, unexpected, unknown_file};
use crate::http::params::encode;
use crate::view::{PeerEntry, Vantage, View};

/// GET `/download/{file_id}`; HEAD tells the same and counts nothing.
pub(super) async fn redirect(call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    call.app.limits.redirect.take(call.vantage().remote)?;
    let id = file_id(&call.target)?;
    let view = index.view();
    let asked = view.catalog.file(&id).ok_or_else(unknown_file)?;
    let (holder, owner) = best_holder(&view, asked).ok_or_else(|| {
        Refusal::new(
            Slug::NoSourceOnline,
            "nobody who has this file is online now; try again later",
        )
    })?;
    if call.method != Method::HEAD {
        index.ask(Command::CountDownload { file: id }).await?;
    }
    let location = location(&holder, &owner, call.vantage());
    let location = HeaderValue::from_str(&location).map_err(|_| unexpected())?;
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// The record that is redirected to: the one asked for if its owner is online and has all of it,
/// else the most trusted online one of the same content.
fn best_holder(view: &View, asked: FileEntry) -> Option<(FileEntry, Arc<PeerEntry>)> {
    let online_owner = |entry: &FileEntry| {
        let owner = view.peers.get(&entry.owner)?;
        (owner.is_online && !entry.is_partial).then(|| Arc::clone(owner))
    };
    if let Some(owner) = online_owner(&asked) {
        return Some((asked, owner));
    }
    view.catalog
        .holders(&asked.hash)
        .into_iter()
        .filter_map(|entry| online_owner(&entry).map(|owner| (entry, owner)))
        .max_by_key(|(entry, owner)| (owner.reputation, Reverse(entry.id)))
}

fn location(holder: &FileEntry, owner: &PeerEntry, vantage: &Vantage) -> String {
    let name = holder.names.last().map_or("", file_name);
    format!(
        "http://{}/download?filename={}&id={}",
        owner.socket_addr(vantage),
        encode(name),
        holder.id
    )
}
