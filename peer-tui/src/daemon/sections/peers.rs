//! The list of peers under its filter and order.

use std::cmp::Ordering;

use super::{cut, holds};
use crate::daemon::command::{PeerFilter, PeerSort, PeersWatch};
use crate::daemon::state::{PeerRow, Peers};

/// The window that a screen asked for, out of all known peers.
pub fn peers(all: Vec<PeerRow>, watch: &PeersWatch) -> Peers {
    let count = |filter| all.iter().filter(|row| is_under(row, filter)).count();
    let counts = (
        count(PeerFilter::Online),
        count(PeerFilter::All),
        count(PeerFilter::Verified),
        count(PeerFilter::Blocked),
    );
    let mut shown: Vec<PeerRow> = all
        .into_iter()
        .filter(|row| is_under(row, watch.filter) && holds(&row.name, &watch.text))
        .collect();
    shown.sort_by(|one, other| {
        let order = compare(one, other, watch.sort);
        let order = if watch.is_reversed {
            order.reverse()
        } else {
            order
        };
        order.then_with(|| one.id.cmp(&other.id))
    });
    let total = shown.len();
    let (first, rows) = cut(shown, watch.window);
    Peers {
        first,
        rows,
        total,
        counts,
    }
}

const fn is_under(row: &PeerRow, filter: PeerFilter) -> bool {
    match filter {
        PeerFilter::Online => row.is_online,
        PeerFilter::All => true,
        PeerFilter::Verified => row.is_verified,
        PeerFilter::Blocked => row.is_blocked,
    }
}

/// Names ascending, fast peers first, else the largest figure first.
fn compare(one: &PeerRow, other: &PeerRow, sort: PeerSort) -> Ordering {
    match sort {
        PeerSort::Name => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
        PeerSort::Latency => {
            let latency = |row: &PeerRow| row.latency_ms.unwrap_or(u32::MAX);
            latency(one).cmp(&latency(other))
        }
        PeerSort::Trust => other.reputation.cmp(&one.reputation),
        PeerSort::Shares => other.shared_bytes.cmp(&one.shared_bytes),
        PeerSort::Got => other.got_bytes.cmp(&one.got_bytes),
        PeerSort::Gave => other.gave_bytes.cmp(&one.gave_bytes),
    }
}
