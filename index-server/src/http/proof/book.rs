//! Who had an address proven and who was asked for it, and when: the limits of address proofs.
//!
//! Pure: time comes in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use protocol::ids::PeerId;
use protocol::problem::Slug;
use tokio::time::Instant;

use super::{Claim, PROOF_WAIT};
use crate::command::Refusal;

const A_MINUTE_MAX_COUNT: u32 = 6;
const MINUTE: Duration = Duration::from_mins(1);
/// A proven address needs no new proof for so long, so that a peer may restart as it likes.
const PROOF_LIFE: Duration = Duration::from_mins(10);
/// Addresses remembered; beyond, proofs are refused rather than forgotten limits.
const BOOK_MAX_COUNT: usize = 16_384;

/// Who asked and who was asked when. Pure: time comes in.
#[derive(Debug, Default)]
pub(super) struct Book {
    sources: HashMap<IpAddr, SourceUse>,
    targets: HashMap<IpAddr, Instant>,
    proven: HashMap<(PeerId, IpAddr, u16), Instant>,
}

#[derive(Debug)]
struct SourceUse {
    since: Instant,
    count: u32,
    in_flight: bool,
}

impl Book {
    /// Whether a request must be made (`false`: the proof still holds).
    pub(super) fn open(&mut self, claim: &Claim, now: Instant) -> Result<bool, Refusal> {
        self.forget(now);
        let key = (claim.id, claim.host, claim.port);
        if self.proven.contains_key(&key) {
            return Ok(false);
        }
        let too_many = |wait: Duration| {
            let detail = "too many address proofs were asked for; wait as long as Retry-After \
                          says, or leave `address` out";
            Refusal::new(Slug::RateLimited, detail).after(wait)
        };
        let rest_of = |since: Instant| MINUTE.saturating_sub(now.saturating_duration_since(since));
        if let Some(asked_at) = self.targets.get(&claim.host) {
            return Err(too_many(rest_of(*asked_at)));
        }
        if self.sources.len() + self.targets.len() >= BOOK_MAX_COUNT {
            return Err(too_many(MINUTE));
        }
        let source = self.sources.entry(claim.observed).or_insert(SourceUse {
            since: now,
            count: 0,
            in_flight: false,
        });
        if source.count >= A_MINUTE_MAX_COUNT {
            return Err(too_many(rest_of(source.since)));
        }
        if source.in_flight {
            return Err(too_many(PROOF_WAIT));
        }
        source.in_flight = true;
        source.count += 1;
        self.targets.insert(claim.host, now);
        Ok(true)
    }

    /// A failed target is left alone for the rest of its minute; one that answered as the peer
    /// agreed to be asked.
    pub(super) fn close(&mut self, claim: &Claim, is_proven: bool, now: Instant) {
        if let Some(source) = self.sources.get_mut(&claim.observed) {
            source.in_flight = false;
        }
        if is_proven {
            self.targets.remove(&claim.host);
            if self.proven.len() < BOOK_MAX_COUNT {
                self.proven.insert((claim.id, claim.host, claim.port), now);
            }
        }
    }

    fn forget(&mut self, now: Instant) {
        let is_recent = |at: Instant, life: Duration| now.saturating_duration_since(at) < life;
        self.sources
            .retain(|_, source| source.in_flight || is_recent(source.since, MINUTE));
        self.targets.retain(|_, at| is_recent(*at, MINUTE));
        self.proven.retain(|_, at| is_recent(*at, PROOF_LIFE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(observed: u8, host: u8, peer: u8) -> Claim {
        Claim {
            id: PeerId::from_bytes([peer; 32]),
            host: IpAddr::from([10, 0, 0, host]),
            port: 7071,
            observed: IpAddr::from([10, 0, 1, observed]),
        }
    }

    #[test]
    fn a_target_that_did_not_answer_is_asked_once_a_minute_whoever_claims_it() {
        let mut book = Book::default();
        let start = Instant::now();
        assert_eq!(book.open(&claim(1, 9, 1), start), Ok(true));
        book.close(&claim(1, 9, 1), false, start);
        for source in 2..40 {
            assert!(
                book.open(&claim(source, 9, source), start + MINUTE / 2)
                    .is_err()
            );
        }
        assert_eq!(book.open(&claim(2, 9, 2), start + MINUTE), Ok(true));
    }

    #[test]
    fn a_source_proves_six_a_minute_one_at_a_time() {
        let mut book = Book::default();
        let now = Instant::now();
        assert_eq!(book.open(&claim(1, 0, 1), now), Ok(true));
        assert!(book.open(&claim(1, 1, 1), now).is_err(), "one in flight");
        book.close(&claim(1, 0, 1), false, now);
        for host in 1..6 {
            assert_eq!(book.open(&claim(1, host, 1), now), Ok(true), "{host}");
            book.close(&claim(1, host, 1), false, now);
        }
        let seventh = book.open(&claim(1, 7, 1), now + MINUTE / 4).unwrap_err();
        assert_eq!(seventh.retry_after_secs, Some(45));
        assert_eq!(book.open(&claim(1, 7, 1), now + MINUTE), Ok(true));
    }

    #[test]
    fn a_proof_holds_for_ten_minutes_and_only_for_its_peer() {
        let mut book = Book::default();
        let now = Instant::now();
        book.open(&claim(1, 9, 1), now).unwrap();
        book.close(&claim(1, 9, 1), true, now);
        assert_eq!(book.open(&claim(1, 9, 1), now), Ok(false));
        assert_eq!(book.open(&claim(1, 9, 2), now), Ok(true));
        book.close(&claim(1, 9, 2), false, now);
        assert_eq!(book.open(&claim(1, 9, 1), now + PROOF_LIFE), Ok(true));
    }
}
