//! Peers: lists, one of them, its files; heartbeat, leaving, reports.

use std::cmp::Reverse;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use protocol::file::FilePage;
use protocol::ids::PeerId;
use protocol::limits::QUERY_MAX_CHARS;
use protocol::peer::{HeartbeatResponse, PeerPage, TransferReport};
use protocol::problem::Slug;
use protocol::query::fold;
use protocol::search::Order;
use serde::{Deserialize, Serialize};
use warp::reply::Response;

use crate::catalog::{CursorError, FileEntry, RecordName};
use crate::command::{Command, Refusal, Report};
use crate::http::call::{Call, peer_id, unknown_peer};
use crate::http::params::Params;
use crate::http::reply;
use crate::view::{PeerEntry, file_to_wire};

/// POST `/api/v1/peers/heartbeat`.
pub(super) async fn heartbeat(call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    index.ask(Command::Heartbeat(call.actor()?)).await?;
    reply::json(&HeartbeatResponse {
        stats: index.view().stats.clone(),
        next_heartbeat_ms: Some(call.app.next_heartbeat_ms()),
    })
}

/// DELETE `/api/v1/peers/{id}`; without the header, the path says who acts.
pub(super) async fn leave(call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let id = peer_id(&call.target)?;
    let actor = match call.header(protocol::routes::PEER_ID_HEADER) {
        Some(_) => call.actor()?,
        None => call.actor_or_owner(Some(&call.target))?,
    };
    index.ask(Command::Leave { actor, id }).await?;
    Ok(reply::nothing())
}

/// POST `/api/v1/peers/{id}/report`.
pub(super) async fn report(mut call: Call) -> Result<Response, Refusal> {
    let index = call.index()?;
    let actor = call.actor()?;
    let about = peer_id(&call.target)?;
    let told: TransferReport = call.body.json(&call.headers).await?;
    index.check_actor(&actor)?;
    if about == actor.peer {
        let detail = "a peer cannot report on itself: the id of the path is its own";
        return Err(Refusal::new(Slug::InvalidField, detail).at("id"));
    }
    let report = Report {
        about,
        content: told.content,
        outcome: told.outcome,
        bytes: told.bytes,
    };
    index.ask(Command::Report { actor, report }).await?;
    Ok(reply::nothing())
}

/// GET `/api/v1/peers/{id}`.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let peer = view
        .peers
        .get(&peer_id(&call.target)?)
        .ok_or_else(unknown_peer)?;
    reply::json(&peer.to_wire(call.vantage()))
}

/// GET `/api/v1/peers/{id}/files`.
pub(super) async fn files(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let id = peer_id(&call.target)?;
    let owner = view.peers.get(&id).ok_or_else(unknown_peer)?;
    let page = view.catalog.files_of(
        &id,
        call.params.text("prefix").unwrap_or_default(),
        call.params.text("cursor"),
        call.params.limit()?,
    )?;
    let row = |(name, entry): (RecordName, FileEntry)| {
        let sources = view.catalog.sources(&entry.hash);
        file_to_wire(&entry, Some(&name), owner, sources, call.vantage())
    };
    let files: Vec<_> = page.rows.into_iter().map(row).collect();
    reply::json(&FilePage {
        count: files.len(),
        files,
        next_cursor: page.next_cursor,
    })
}

/// GET `/api/v1/peers`.
pub(super) async fn list(call: Call) -> Result<Response, Refusal> {
    let view = call.index()?.view();
    let wanted = Wanted::read(&call.params)?;
    let all = view.peers.values().map(Arc::clone).collect();
    let (rows, next_cursor) = wanted.page(all)?;
    let peers: Vec<_> = rows
        .iter()
        .map(|peer| peer.to_wire(call.vantage()))
        .collect();
    reply::json(&PeerPage {
        count: peers.len(),
        peers,
        next_cursor,
    })
}

/// What peers are put in order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PeerSort {
    Name,
    LastSeen,
    Reputation,
    SharedFiles,
    SharedBytes,
}

/// The place of a peer in an order; the id makes it the only one there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    text: String,
    number: i128,
    id: PeerId,
}

/// A place to go on from, good for the listing it came from.
#[derive(Serialize, Deserialize)]
struct Cursor {
    listing: String,
    after: Place,
}

/// The parameters of a list of peers.
struct Wanted {
    is_online: Option<bool>,
    /// As typed, and folded.
    q: String,
    folded: String,
    sort: PeerSort,
    order: Order,
    limit: usize,
    cursor: Option<String>,
}

impl Wanted {
    fn read(params: &Params) -> Result<Self, Refusal> {
        let words = "name, last_seen, reputation, shared_files, shared_bytes";
        let sort = params.word("sort", words)?.unwrap_or(PeerSort::Name);
        let default_order = match sort {
            PeerSort::Name => Order::Asc,
            _ => Order::Desc,
        };
        let q = params.text("q").unwrap_or_default().to_owned();
        if q.chars().count() > QUERY_MAX_CHARS {
            let detail = format!("q has at most {QUERY_MAX_CHARS} characters");
            return Err(Refusal::new(Slug::InvalidField, detail).at("q"));
        }
        Ok(Self {
            is_online: params.flag("online")?,
            folded: fold(&q).to_string(),
            q,
            sort,
            order: params.word("order", "asc, desc")?.unwrap_or(default_order),
            limit: params.limit()?,
            cursor: params.text("cursor").map(str::to_owned),
        })
    }

    /// Names the listing, so that a cursor of another one is told apart.
    fn listing(&self) -> String {
        format!(
            "{:?} {:?} {:?} {}",
            self.sort, self.order, self.is_online, self.q
        )
    }

    fn takes(&self, peer: &PeerEntry) -> bool {
        self.is_online.is_none_or(|online| online == peer.is_online)
            && (self.folded.is_empty()
                || fold(&peer.name).contains(&self.folded)
                || peer.id.to_string().starts_with(&self.q))
    }

    fn place(&self, peer: &PeerEntry) -> Place {
        let (text, number) = match self.sort {
            PeerSort::Name => (fold(&peer.name).to_string(), 0),
            PeerSort::LastSeen => (String::new(), peer.last_seen.as_nanosecond()),
            PeerSort::Reputation => (String::new(), i128::from(peer.reputation)),
            PeerSort::SharedFiles => (String::new(), i128::from(peer.shared_files)),
            PeerSort::SharedBytes => (String::new(), i128::from(peer.shared_bytes)),
        };
        Place {
            text,
            number,
            id: peer.id,
        }
    }

    fn page(
        &self,
        peers: Vec<Arc<PeerEntry>>,
    ) -> Result<(Vec<Arc<PeerEntry>>, Option<String>), Refusal> {
        let mut rows: Vec<(Place, Arc<PeerEntry>)> = peers
            .into_iter()
            .filter(|peer| self.takes(peer))
            .map(|peer| (self.place(&peer), peer))
            .collect();
        match self.order {
            Order::Asc => rows.sort_by(|a, b| a.0.cmp(&b.0)),
            Order::Desc => rows.sort_by(|a, b| Reverse(&a.0).cmp(&Reverse(&b.0))),
        }
        let start = match &self.cursor {
            None => 0,
            Some(cursor) => {
                let after = self.read_cursor(cursor)?;
                rows.partition_point(|(place, _)| match self.order {
                    Order::Asc => *place <= after,
                    Order::Desc => *place >= after,
                })
            }
        };
        let has_more = rows.len() - start > self.limit;
        let page: Vec<_> = rows.into_iter().skip(start).take(self.limit).collect();
        let next = page.last().filter(|_| has_more).map(|(place, _)| {
            let cursor = Cursor {
                listing: self.listing(),
                after: place.clone(),
            };
            BASE64URL_NOPAD.encode(&serde_json::to_vec(&cursor).unwrap_or_default())
        });
        Ok((page.into_iter().map(|(_, peer)| peer).collect(), next))
    }

    fn read_cursor(&self, text: &str) -> Result<Place, CursorError> {
        let bytes = BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| CursorError)?;
        let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| CursorError)?;
        (cursor.listing == self.listing())
            .then_some(cursor.after)
            .ok_or(CursorError)
    }
}
