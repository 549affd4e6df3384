//! Nonces for signed registrations: good once, for a minute.
//!
//! A nonce carries its own deadline and a seal of this process, so handing one out stores nothing
//! and nobody can flush those of others; only the ones that were used are kept, until they would
//! have run out anyway. Pure but for the randomness: time comes in.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use protocol::limits::NONCE_LIFE_SECS;
use protocol::peer::NonceResponse;
use protocol::problem::Slug;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use warp::reply::Response;

use crate::command::Refusal;
use crate::http::call::Call;
use crate::http::reply;

/// Used nonces kept: 65,536 in a minute is a thousand signed registrations a second, more than one
/// core can verify beside its other work.
const USED_MAX_COUNT: usize = 65_536;
const TIME_BYTES: usize = 8;
const SALT_BYTES: usize = 8;
const SEAL_BYTES: usize = 16;
const NONCE_BYTES: usize = TIME_BYTES + SALT_BYTES + SEAL_BYTES;

/// Makes nonces and takes each back once.
#[derive(Debug)]
pub struct Nonces {
    secret: [u8; 32],
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    deadlines: HashMap<[u8; SEAL_BYTES], Duration>,
    order: VecDeque<[u8; SEAL_BYTES]>,
}

impl Nonces {
    /// With a fresh secret.
    pub fn new() -> Self {
        Self {
            secret: rand::random(),
            used: Mutex::default(),
        }
    }

    /// A fresh nonce, 64 hex digits; `now` is the time since the process started.
    pub fn issue(&self, now: Duration) -> String {
        let deadline = now + Duration::from_secs(NONCE_LIFE_SECS);
        let mut bytes = Vec::with_capacity(NONCE_BYTES);
        bytes.extend(millis(deadline).to_be_bytes());
        bytes.extend(rand::random::<[u8; SALT_BYTES]>());
        bytes.extend(self.seal(&bytes));
        HEXLOWER.encode(&bytes)
    }

    /// Takes a nonce back: `Ok` once for each that was issued and is not too old.
    ///
    /// # Errors
    /// `invalid-nonce`; `overloaded` when more were used in a minute than can be remembered.
    pub fn redeem(&self, nonce: &str, now: Duration) -> Result<(), Refusal> {
        let invalid = || {
            let detail = "the nonce is unknown, used or older than a minute; get a fresh one \
                          from /api/v1/nonce for every registration";
            Refusal::new(Slug::InvalidNonce, detail).at("/nonce")
        };
        let bytes = HEXLOWER.decode(nonce.as_bytes()).map_err(|_| invalid())?;
        let (body, seal) = bytes
            .split_at_checked(TIME_BYTES + SALT_BYTES)
            .ok_or_else(invalid)?;
        let seal: [u8; SEAL_BYTES] = seal.try_into().map_err(|_| invalid())?;
        let time: [u8; TIME_BYTES] = body[..TIME_BYTES].try_into().map_err(|_| invalid())?;
        let deadline = Duration::from_millis(u64::from_be_bytes(time));
        let is_ours = bool::from(self.seal(body).ct_eq(&seal));
        if !is_ours || deadline <= now {
            return Err(invalid());
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.forget_before(now);
        if used.deadlines.contains_key(&seal) {
            return Err(invalid());
        }
        if used.order.len() >= USED_MAX_COUNT {
            return Err(Refusal::new(
                Slug::Overloaded,
                "too many peers register at this moment; try again",
            ));
        }
        used.deadlines.insert(seal, deadline);
        used.order.push_back(seal);
        Ok(())
    }

    /// What only this process can write under a nonce. All inputs have one length, so a plain
    /// prefix secret is enough.
    fn seal(&self, body: &[u8]) -> [u8; SEAL_BYTES] {
        let mut digest = Sha256::new();
        digest.update(self.secret);
        digest.update(body);
        let full: [u8; 32] = digest.finalize().into();
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&full[..SEAL_BYTES]);
        seal
    }
}

impl Default for Nonces {
    fn default() -> Self {
        Self::new()
    }
}

impl Used {
    /// All live equally long but are redeemed in any order, so the oldest use is at most one life
    /// away from its deadline.
    fn forget_before(&mut self, now: Duration) {
        while let Some(seal) = self.order.front() {
            if self
                .deadlines
                .get(seal)
                .is_some_and(|deadline| *deadline > now)
            {
                break;
            }
            self.deadlines.remove(seal);
            self.order.pop_front();
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// GET `/api/v1/nonce`.
pub(super) async fn nonce(call: Call) -> Result<Response, Refusal> {
    reply::json(&NonceResponse {
        nonce: call.app.nonces.issue(call.app.uptime()),
        index_id: call.app.index_id,
        expires_in: NONCE_LIFE_SECS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_nonce_works_once_and_for_a_minute() {
        let nonces = Nonces::new();
        let first = nonces.issue(at(0));
        assert_eq!(first.len(), 64);
        nonces.redeem(&first, at(59)).unwrap();
        assert_eq!(
            nonces.redeem(&first, at(59)).unwrap_err().slug,
            Slug::InvalidNonce
        );
        let second = nonces.issue(at(0));
        assert!(nonces.redeem(&second, at(60)).is_err(), "too old");
    }

    #[test]
    fn a_nonce_of_another_process_or_with_a_changed_digit_is_refused() {
        let nonces = Nonces::new();
        let nonce = nonces.issue(at(5));
        assert!(Nonces::new().redeem(&nonce, at(5)).is_err());
        for index in 0..nonce.len() {
            let mut bent = nonce.clone().into_bytes();
            bent[index] = if bent[index] == b'0' { b'1' } else { b'0' };
            let bent = String::from_utf8(bent).unwrap();
            assert!(nonces.redeem(&bent, at(5)).is_err(), "digit {index}");
        }
        for bent in ["", "00", &nonce[..62], "zz"] {
            assert!(nonces.redeem(bent, at(5)).is_err(), "{bent:?}");
        }
        nonces.redeem(&nonce, at(5)).unwrap();
    }

    #[test]
    fn used_nonces_are_forgotten_once_they_are_too_old_to_matter() {
        let nonces = Nonces::new();
        for _ in 0..100 {
            nonces.redeem(&nonces.issue(at(0)), at(1)).unwrap();
        }
        nonces.redeem(&nonces.issue(at(100)), at(100)).unwrap();
        assert_eq!(nonces.used.lock().unwrap().order.len(), 1);
    }
}
