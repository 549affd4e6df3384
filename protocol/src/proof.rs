//! The exact bytes that keys sign: what a registration and an address proof state.
//!
//! Each field is length-prefixed (u32, big endian), so that no two different statements share bytes.

use serde::{Deserialize, Serialize};

use crate::PROTOCOL_VERSION;
use crate::ids::PeerId;

const REGISTER_DOMAIN: &str = "peerdex register v1";
const ADDRESS_DOMAIN: &str = "peerdex address v1";

/// What a keyed peer signs to register: (domain, index id, nonce, address, port, protocol version).
/// `address` is the text of the request, empty where it was absent.
pub fn register_statement(index_id: &PeerId, nonce: &str, address: &str, port: u16) -> Vec<u8> {
    statement(&[
        REGISTER_DOMAIN.as_bytes(),
        index_id.as_bytes(),
        nonce.as_bytes(),
        address.as_bytes(),
        &port.to_be_bytes(),
        &PROTOCOL_VERSION.to_be_bytes(),
    ])
}

/// What a peer signs to prove that it answers at the address it was asked at.
pub fn address_statement(nonce: &str, id: &PeerId) -> Vec<u8> {
    statement(&[
        ADDRESS_DOMAIN.as_bytes(),
        nonce.as_bytes(),
        id.as_bytes(),
        &PROTOCOL_VERSION.to_be_bytes(),
    ])
}

/// Answer of GET `/.well-known/peerdex/proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofResponse {
    /// The peer's id.
    pub id: PeerId,
    /// Raw ed25519 key, 64 hex digits.
    pub public_key: String,
    /// Signature over [`address_statement`], 128 hex digits.
    pub signature: String,
}

fn statement(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}
