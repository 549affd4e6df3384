//! The two hashes a file is known by: [`ContentHash`] (SHA-256 of the whole file, what
//! `sha256sum` prints) and [`PiecesRoot`] (root of its Merkle tree, see [`crate::pieces`]).

use std::fmt;
use std::str::FromStr;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::ids::serde_as_text;

/// A text that is not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 hex digits (SHA-256)")]
pub struct HashError;

macro_rules! hash_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// A hash from its 32 bytes.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The hex digits as bytes, without a place of their own in memory.
            pub fn text(&self) -> [u8; 64] {
                let mut text = [0; 64];
                HEXLOWER.encode_mut(&self.0, &mut text);
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Without a place of its own in memory: lists hold tens of thousands of them.
                let mut text = [0; 64];
                HEXLOWER.encode_mut(&self.0, &mut text);
                f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HashError;

            /// Upper-case digits are read too; they are written in lower case.
            fn from_str(text: &str) -> Result<Self, HashError> {
                if text.len() != 64 {
                    return Err(HashError);
                }
                let mut bytes = [0; 32];
                HEXLOWER_PERMISSIVE
                    .decode_mut(text.as_bytes(), &mut bytes)
                    .map_err(|_| HashError)?;
                Ok(Self(bytes))
            }
        }

        serde_as_text!($name);
    };
}

hash_type!(
    /// SHA-256 of a whole file.
    ContentHash
);
hash_type!(
    /// Root of the BEP 52 Merkle tree of a file; all zero for the empty file.
    PiecesRoot
);
hash_type!(
    /// Root of the subtree of one piece.
    PieceHash
);

impl ContentHash {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}
