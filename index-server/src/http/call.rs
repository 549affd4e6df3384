//! One request as a handler gets it: path parameter, query, headers, body, and from where it came.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use hyper::upgrade::OnUpgrade;
use protocol::ids::PeerId;
use protocol::problem::Slug;
use protocol::routes::PEER_ID_HEADER;

use crate::command::{Actor, Refusal};
use crate::http::App;
use crate::http::body::RequestBody;
use crate::http::listener::Connection;
use crate::http::params::Params;
use crate::sequencer::Index;
use crate::view::Vantage;

/// A request whose path and method are known to be of the contract.
#[derive(Debug)]
pub struct Call {
    /// What handlers work with.
    pub app: Arc<App>,
    /// GET, HEAD, POST, DELETE.
    pub method: Method,
    /// The variable part of the path as it was sent, empty where there is none.
    pub target: String,
    /// The query string.
    pub params: Params,
    /// All headers.
    pub headers: HeaderMap,
    /// Both ends of the connection.
    pub connection: Connection,
    /// Not read yet.
    pub body: RequestBody,
    /// Where the connection can become something else.
    pub upgrade: Option<OnUpgrade>,
}

impl Call {
    /// The index, once its journal has been replayed.
    ///
    /// # Errors
    /// `not-ready` before.
    pub fn index(&self) -> Result<Index, Refusal> {
        self.app.index()
    }

    /// From where the client looks.
    pub fn vantage(&self) -> &Vantage {
        &self.connection.vantage
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Who acts, by the `X-Peer-ID` header.
    ///
    /// # Errors
    /// `missing-peer-id`; `unknown-peer` for a text that is no id.
    pub fn actor(&self) -> Result<Actor, Refusal> {
        self.actor_or_owner(None)
    }

    /// Who acts, by the header or by the `owner` that the body names; both must agree.
    ///
    /// # Errors
    /// Those of [`Self::actor`], and `owner-mismatch`.
    pub fn actor_or_owner(&self, owner: Option<&str>) -> Result<Actor, Refusal> {
        let mut headers = self.headers.get_all(PEER_ID_HEADER).iter();
        let first = headers.next();
        if headers.any(|other| Some(other) != first) {
            return Err(Refusal::new(
                Slug::InvalidRequest,
                "the header X-Peer-ID is there twice and names two peers; a call acts for one",
            ));
        }
        let header = self.header(PEER_ID_HEADER);
        if let (Some(header), Some(owner)) = (header, owner)
            && header != owner
        {
            return Err(owner_mismatch());
        }
        let claimed = header.or(owner).ok_or_else(|| {
            Refusal::new(
                Slug::MissingPeerId,
                "say which peer this call acts for in the header X-Peer-ID: the id that the \
                 registration answered",
            )
        })?;
        Ok(Actor {
            peer: peer_id(claimed)?,
            remote: self.vantage().remote,
            token: self.bearer(),
        })
    }

    /// The bearer token, where one was sent.
    fn bearer(&self) -> Option<String> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim().to_owned())
    }
}

/// Header and body name different owners.
pub fn owner_mismatch() -> Refusal {
    Refusal::new(
        Slug::OwnerMismatch,
        "the owner in the body is not the peer of the header X-Peer-ID; a peer speaks only for \
         its own files",
    )
    .at("/owner")
}

/// Reads a peer's id; what is no id cannot be the id of a peer.
///
/// # Errors
/// `unknown-peer`.
pub fn peer_id(text: &str) -> Result<PeerId, Refusal> {
    text.parse().map_err(|_| unknown_peer())
}

/// Nobody is registered under this id.
pub fn unknown_peer() -> Refusal {
    Refusal::new(
        Slug::UnknownPeer,
        "no peer is registered under this id; register again and use the id of the answer",
    )
}
