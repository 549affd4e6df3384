//! How ids and hashes look to somebody who reads the published contract: texts with a pattern.
//!
//! The other messages tell it themselves (`ToSchema`); these are written in a way of their own.

use std::borrow::Cow;

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema::SchemaType};
use utoipa::{PartialSchema, ToSchema};

use crate::hash::{ContentHash, PieceHash, PiecesRoot};
use crate::ids::{FileId, PeerId};

macro_rules! texts {
    ($($type:ident $pattern:literal $description:literal),* $(,)?) => {
        $(
            impl PartialSchema for $type {
                fn schema() -> RefOr<Schema> {
                    text($pattern, $description)
                }
            }

            impl ToSchema for $type {
                fn name() -> Cow<'static, str> {
                    Cow::Borrowed(stringify!($type))
                }
            }
        )*
    };
}

texts! {
    PeerId "^[2-7a-z]{51}[aq]$"
        "A peer: 52 characters of lower-case base32, the SHA-256 of its public key, or, for a \
         client without a key, an id that the index made.",
    FileId "^[0-9a-f]{32}$"
        "These bytes at this owner: the first 32 hex digits of SHA-256(owner id, NUL, hash).",
    ContentHash "^[0-9A-Fa-f]{64}$"
        "SHA-256 of a whole file, the figure that sha256sum prints; answered in lower case.",
    PiecesRoot "^[0-9A-Fa-f]{64}$"
        "Root of the SHA-256 Merkle tree of 16 KiB blocks (BEP 52), all zero for the empty file; \
         answered in lower case.",
    PieceHash "^[0-9A-Fa-f]{64}$"
        "Root of the subtree of one piece.",
}

fn text(pattern: &str, description: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern))
        .description(Some(description))
        .into()
}
