//! Who and what: [`PeerId`] names a peer, [`FileId`] names one content at one owner.
//!
//! Both are fixed-size values that only exist once checked, so no string travels as an id.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::hash::ContentHash;

/// DER prefix of the `SubjectPublicKeyInfo` of a raw ed25519 key (RFC 8410), 12 bytes.
const ED25519_SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 52 characters of lower-case base32.
    #[error("a peer id is 52 characters of lower-case base32")]
    Peer,
    /// Not 32 lower-case hex digits.
    #[error("a file id is 32 lower-case hex digits")]
    File,
}

/// A peer: SHA-256 of its public key, or 32 random bytes that the index made for a client without
/// a key. Written as 52 characters of lower-case base32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId([u8; 32]);

impl PeerId {
    /// The id of a raw ed25519 public key: SHA-256 of its `SubjectPublicKeyInfo`, so that a pinned
    /// certificate on the same key hashes to the same id.
    pub fn of_public_key(public_key: &[u8; 32]) -> Self {
        let mut digest = Sha256::new();
        digest.update(ED25519_SPKI_PREFIX);
        digest.update(public_key);
        Self(digest.finalize().into())
    }

    /// An id from 32 bytes (random ones for a client without a key, or stored ones).
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes behind the text.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The text as bytes, without a place of its own in memory: it is hashed for every record.
    pub fn text(&self) -> [u8; 52] {
        let mut text = [0; 52];
        BASE32_NOPAD.encode_mut(&self.0, &mut text);
        text.make_ascii_lowercase();
        text
    }

    /// Characters of [`Self::short`].
    pub const SHORT_CHARS: usize = 7;

    /// The first characters: enough for a person to tell peers of one name apart.
    pub fn short(&self) -> String {
        self.to_string().chars().take(Self::SHORT_CHARS).collect()
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without a place of its own in memory, as below: lists hold tens of thousands of them.
        let mut text = [0; 52];
        BASE32_NOPAD.encode_mut(&self.0, &mut text);
        text.make_ascii_lowercase();
        f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}

impl FromStr for PeerId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 52 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(IdError::Peer);
        }
        let bytes = BASE32_NOPAD
            .decode(text.to_ascii_uppercase().as_bytes())
            .map_err(|_| IdError::Peer)?;
        bytes.try_into().map(Self).map_err(|_| IdError::Peer)
    }
}

/// One content at one owner: the first 16 bytes of SHA-256(owner id text, NUL, hash hex), written
/// as 32 hex digits. Stays the same through renames and restarts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId([u8; 16]);

impl FileId {
    /// The id of the content `hash` at `owner`.
    pub fn of(owner: &PeerId, hash: &ContentHash) -> Self {
        let mut digest = Sha256::new();
        digest.update(owner.text());
        digest.update([0]);
        digest.update(hash.text());
        let full: [u8; 32] = digest.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&full[..16]);
        Self(id)
    }

    /// An id from its stored 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes behind the text.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 32];
        HEXLOWER.encode_mut(&self.0, &mut text);
        f.pad(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

impl FromStr for FileId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .map_err(|_| IdError::File)?;
        bytes.try_into().map(Self).map_err(|_| IdError::File)
    }
}

/// Reads a value from its text within the reader's own string, so that an error has the place of
/// that string.
pub(crate) struct AsText<T>(std::marker::PhantomData<T>);

impl<T> Default for AsText<T> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for AsText<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! serde_as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str($crate::ids::AsText::default())
                } else {
                    Deserialize::deserialize(deserializer).map(Self)
                }
            }
        }
    };
}
pub(crate) use serde_as_text;

serde_as_text!(PeerId);
serde_as_text!(FileId);
