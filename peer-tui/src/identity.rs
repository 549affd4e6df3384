//! The key of this peer: an ed25519 key file, made on first start.

use std::path::Path;

use protocol::ids::PeerId;

/// The peer's key and the id that follows from it.
#[derive(Debug)]
pub struct Identity {
    key: ed25519_dalek::SigningKey,
    id: PeerId,
}

impl Identity {
    /// Reads `identity.key` in `folder`, or makes it (0600, durable before use).
    ///
    /// # Errors
    /// When the file can be neither read nor made, or holds something else.
    pub fn load_or_create(folder: &Path) -> anyhow::Result<Self> {
        let _ = folder;
        unimplemented!("helper")
    }

    /// An identity from 32 secret bytes (tests, demo).
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(secret);
        let id = PeerId::of_public_key(&key.verifying_key().to_bytes());
        Self { key, id }
    }

    /// The peer id.
    pub const fn id(&self) -> PeerId {
        self.id
    }

    /// The public key, 64 hex digits.
    pub fn public_key_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.key.verifying_key().to_bytes())
    }

    /// Signature over `statement`, 128 hex digits.
    pub fn sign_hex(&self, statement: &[u8]) -> String {
        use ed25519_dalek::Signer as _;
        data_encoding::HEXLOWER.encode(&self.key.sign(statement).to_bytes())
    }
}
