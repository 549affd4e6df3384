//! Rules of coming, staying and leaving: who gets which id, and what a heartbeat is worth.

use std::net::IpAddr;

use compact_str::CompactString;
use jiff::Timestamp;
use protocol::file::CatalogDigest;
use protocol::ids::PeerId;
use protocol::limits::{PEER_NAME_MAX_BYTES, PEER_TEXT_MAX_BYTES};
use protocol::peer::CatalogState;
use protocol::problem::Slug;

use super::{Decision, Draft, News, Rules, check_actor};
use crate::command::{Actor, Answer, Refusal, Register, Registered};
use crate::peers::{PeerFacts, SESSION_LIFE_SECS, Session, is_same_host, unknown_peer};
use crate::record::{Moment, Record};
use crate::view::PeerAddress;
use crate::world::{Files, Ground};

/// So old may the journalled last sign of a peer become that is here. A restart forgets younger ones,
/// which is little against the time after which peers are forgotten; a peer costs a record an hour.
const SIGN_MAX_SECS: i64 = 3600;

/// A peer comes, for the first time or again.
pub(super) fn register<F: Files>(
    register: &Register,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
    rules: &Rules,
) -> Result<Decision, Refusal> {
    let id = id_for(register, draft)?;
    let earlier = draft.peer(&id);
    let mut decision = Decision::new(Answer::Registered(Registered {
        id,
        catalog: register.catalog_digest.as_deref().map(|told| {
            if is_in_sync(told, draft.digest(&id)) {
                CatalogState::InSync
            } else {
                CatalogState::SendAll
            }
        }),
        is_new: earlier.is_none(),
    }))
    .showing_alive(id);
    let at = Moment::from(now);
    if earlier.is_none()
        && let Some(gone) = make_room(register.remote, draft, rules)?
    {
        decision = decision.with(Record::PeerForgotten { at, id: gone });
    }
    let facts = facts_of(register, id);
    let is_news = earlier.as_ref().is_none_or(|peer| peer.facts != facts);
    let is_back = earlier.as_ref().is_some_and(|peer| !peer.is_online);
    if is_news {
        decision = decision.telling(News::PeerRegistered(id));
    }
    if is_back {
        decision = decision.telling(News::PeerOnline(id));
    }
    decision = decision.with(Record::PeerRegistered {
        at,
        id,
        facts,
        session: Session {
            token_sha256: register.token_sha256,
            expires_at: at.plus_secs(SESSION_LIFE_SECS),
        },
    });
    for record in &decision.records {
        draft.apply(record);
    }
    Ok(decision)
}

/// A keyed peer has the id of its key. Others keep the id they had if it was made for their
/// address, and get a fresh one else; never one that belongs to a key.
fn id_for<F: Files>(register: &Register, draft: &Draft<'_, F>) -> Result<PeerId, Refusal> {
    let key_required = || {
        Refusal::new(
            Slug::KeyRequired,
            "this id belongs to a key: sign the registration with it, or leave `id` out to get a \
             new one",
        )
        .at("/id")
    };
    if register.is_keyed {
        return register.id.ok_or_else(key_required);
    }
    if let Some(id) = register.id
        && let Some(known) = draft.peer(&id)
    {
        if known.facts.is_keyed {
            return Err(key_required());
        }
        if is_same_host(known.facts.remote, register.remote) {
            return Ok(id);
        }
    }
    if draft.peer(&register.fresh_id).is_some() {
        return Err(Refusal::new(
            Slug::Internal,
            "the id made for this peer is taken; register again",
        ));
    }
    Ok(register.fresh_id)
}

/// Sees to it that one address does not bring peers without end: the one longest away that has no
/// key and no files gives way; if there is none, the newcomer is refused.
fn make_room<F: Files>(
    remote: IpAddr,
    draft: &Draft<'_, F>,
    rules: &Rules,
) -> Result<Option<PeerId>, Refusal> {
    let is_loopback = remote.to_canonical().is_loopback();
    if is_loopback && !rules.limits_loopback {
        return Ok(None);
    }
    // Without a look at everybody, for most: loopback has many addresses for one host.
    let at_most = draft.count_from_at_most(remote.to_canonical());
    if !is_loopback && at_most < rules.peers_per_address_max_count {
        return Ok(None);
    }
    let neighbours: Vec<_> = draft
        .peers()
        .filter(|(_, peer)| is_same_host(peer.facts.remote, remote))
        .collect();
    if neighbours.len() < rules.peers_per_address_max_count {
        return Ok(None);
    }
    let may_go = neighbours
        .iter()
        .filter(|(id, peer)| !peer.is_online && !peer.facts.is_keyed && draft.name_count(id) == 0);
    let longest_away = may_go.min_by_key(|(id, peer)| (peer.last_seen, *id));
    longest_away.map(|(id, _)| Some(*id)).ok_or_else(|| {
        let detail = format!(
            "{} peers are registered from {remote} already, which is as many as one address may \
             have; let one of them leave first",
            neighbours.len()
        );
        Refusal::new(Slug::TooManyPeers, detail)
    })
}

fn facts_of(register: &Register, id: PeerId) -> PeerFacts {
    let name = register.name.as_deref().unwrap_or("").trim();
    PeerFacts {
        name: if name.is_empty() {
            CompactString::from(format!("peer-{}", id.short()))
        } else {
            cut(name, PEER_NAME_MAX_BYTES)
        },
        address: register.address,
        port: register.port,
        region: cut(&register.region, PEER_TEXT_MAX_BYTES),
        version: cut(&register.version, PEER_TEXT_MAX_BYTES),
        is_keyed: register.is_keyed,
        remote: register.remote.to_canonical(),
    }
}

/// The first `max_bytes` of a text, at a character's end.
fn cut(text: &str, max_bytes: usize) -> CompactString {
    let end = text.floor_char_boundary(max_bytes);
    CompactString::from(text.get(..end).unwrap_or(text))
}

fn is_in_sync(told: &str, held: CatalogDigest) -> bool {
    told.eq_ignore_ascii_case(&held.to_hex())
}

/// A peer says that it is alive: no record, unless it was thought gone or its last sign on record is
/// old.
pub(super) fn heartbeat<F: Files>(
    actor: &Actor,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    check_actor(actor, draft, now)?;
    let id = actor.peer;
    let peer = draft.peer(&id).ok_or_else(unknown_peer)?;
    if has_moved(&peer.facts, actor.remote) {
        return Err(Refusal::new(
            Slug::InvalidToken,
            "the peer calls from another address than the one it is published under; register \
             again from here",
        ));
    }
    let decision = Decision::new(Answer::Alive).showing_alive(id);
    let at = Moment::from(now);
    if peer.is_online && at < peer.last_seen.plus_secs(SIGN_MAX_SECS) {
        return Ok(decision);
    }
    let record = Record::PeerOnline { at, id };
    draft.apply(&record);
    let decision = decision.with(record);
    Ok(if peer.is_online {
        decision
    } else {
        decision.telling(News::PeerOnline(id))
    })
}

/// Whether a peer that is published under the address it was seen at is now seen at another: it has
/// moved, and the old address may be somebody else's by now. A host may well have one address of
/// each family.
fn has_moved(facts: &PeerFacts, seen_at: IpAddr) -> bool {
    let PeerAddress::At(published) = facts.address else {
        return false;
    };
    let seen_at = seen_at.to_canonical();
    published == facts.remote && seen_at.is_ipv4() == published.is_ipv4() && seen_at != published
}

/// A peer says goodbye: its records stay as those of an offline peer, its session ends. Saying it
/// again changes nothing.
pub(super) fn leave<F: Files>(
    actor: &Actor,
    id: PeerId,
    draft: &mut Draft<'_, F>,
    now: Timestamp,
) -> Result<Decision, Refusal> {
    let peer = draft.peer(&id).ok_or_else(unknown_peer)?;
    if actor.peer != id {
        return Err(Refusal::new(
            Slug::OwnerMismatch,
            "a peer can only let itself leave: X-Peer-ID names another one",
        ));
    }
    check_actor(actor, draft, now)?;
    if !peer.is_online && peer.session.is_none() {
        return Ok(Decision::new(Answer::Left));
    }
    let record = Record::PeerLeft { at: now.into(), id };
    draft.apply(&record);
    Ok(Decision::new(Answer::Left)
        .with(record)
        .telling(News::PeerLeft(id)))
}
