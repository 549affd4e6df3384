//! One short figure for all that a peer shares, so that peer and index see at once whether they
//! agree; and one for each range of its paths, so that they see where they do not.
//!
//! Knows paths and hashes, not where they are kept.

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::hash::ContentHash;

/// XOR over all (path, hash) of a peer's complete records of the first 16 bytes of
/// SHA-256(path, NUL, hash hex): order does not matter, and taking an entry away is adding it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CatalogDigest([u8; 16]);

impl CatalogDigest {
    /// Adds an entry that is not in, or takes one away that is.
    pub fn toggle(&mut self, path: &str, hash: &ContentHash) {
        let mut digest = Sha256::new();
        digest.update(path.as_bytes());
        digest.update([0]);
        digest.update(hash.text());
        let full: [u8; 32] = digest.finalize().into();
        for (mine, theirs) in self.0.iter_mut().zip(full) {
            *mine ^= theirs;
        }
    }

    /// The 32 hex digits on the wire.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`CatalogDigest::to_hex`] wrote.
    ///
    /// # Errors
    /// [`CatalogDigestError`] when it is not 32 hex digits.
    pub fn from_hex(text: &str) -> Result<Self, CatalogDigestError> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        let bytes = bytes.map_err(|_| CatalogDigestError)?;
        bytes.try_into().map(Self).map_err(|_| CatalogDigestError)
    }
}

/// Answer to GET `/api/v1/peers/{id}/digest`: what the index holds of a peer, range by range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogRanges {
    /// Over everything that the ranges hold, unfinished downloads too; 32 hex digits.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub digest: String,
    /// Names in all, those of unfinished downloads too.
    pub count: u64,
    /// Over the names of complete records alone: what `catalog_digest` is compared with.
    #[serde(default)]
    pub complete_digest: String,
    /// Names of complete records.
    #[serde(default)]
    pub complete_count: u64,
    /// By path, without a gap; empty where nothing is held.
    pub ranges: Vec<CatalogRange>,
}

/// A range of a peer's names in the order of their paths, from behind the range before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CatalogRange {
    /// Where `/api/v1/peers/{id}/files` goes on to list this range; null for the first.
    #[schema(required)]
    pub cursor: Option<String>,
    /// The last path of the range; null for the last, which has no end.
    #[schema(required)]
    pub until: Option<String>,
    /// Names in it.
    pub count: u64,
    /// Over them, 32 hex digits.
    #[schema(pattern = "^[0-9a-f]{32}$")]
    pub digest: String,
}

/// A text that is not 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a catalog digest is 32 hex digits")]
pub struct CatalogDigestError;

impl fmt::Display for CatalogDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_hex())
    }
}

impl FromStr for CatalogDigest {
    type Err = CatalogDigestError;

    fn from_str(text: &str) -> Result<Self, CatalogDigestError> {
        Self::from_hex(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_digest_of_one_entry_is_the_one_of_the_contract() {
        let mut digest = CatalogDigest::default();
        assert_eq!(digest.to_hex(), "0".repeat(32));
        let hash = ContentHash::of(b"");
        digest.toggle("a/b.txt", &hash);
        let told = ContentHash::of(format!("a/b.txt\0{hash}").as_bytes()).to_string();
        assert_eq!(digest.to_hex(), told[..32]);
    }

    #[test]
    fn other_texts_are_no_digest() {
        for text in ["", "0", &"g".repeat(32), &"0".repeat(33), &"0".repeat(64)] {
            assert_eq!(
                text.parse::<CatalogDigest>(),
                Err(CatalogDigestError),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_twice_is_never(
            entries in proptest::collection::hash_set(("[a-c]{1,3}", 0..4_u8), 0..12),
            gone in ("[a-c]{1,3}", 0..4_u8),
        ) {
            let digest = |entries: &mut dyn Iterator<Item = &(String, u8)>| {
                let mut digest = CatalogDigest::default();
                for (path, content) in entries {
                    digest.toggle(path, &ContentHash::of(&[*content]));
                }
                digest
            };
            let mut listed: Vec<_> = entries.into_iter().collect();
            let forth = digest(&mut listed.iter());
            prop_assert_eq!(forth, digest(&mut listed.iter().rev()));
            prop_assert_eq!(forth.to_hex().parse(), Ok(forth));
            listed.push(gone.clone());
            listed.push(gone);
            prop_assert_eq!(forth, digest(&mut listed.iter()));
        }
    }
}
