//! Refusals on the wire (RFC 9457): a closed set of slugs, each with its status and title.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! slugs {
    ($($variant:ident $text:literal $status:literal $title:literal),* $(,)?) => {
        /// Why a call was refused. The text is stable; programs may branch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Slug {
            $(#[doc = $title] $variant,)*
        }

        impl Slug {
            /// All slugs.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The text on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The HTTP status it goes with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// A short title for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

slugs! {
    InvalidJson "invalid-json" 400 "The body is not valid JSON",
    InvalidQuery "invalid-query" 400 "The query does not parse",
    InvalidParameter "invalid-parameter" 400 "A parameter does not parse",
    InvalidRequest "invalid-request" 400 "The request is not well formed",
    MissingPeerId "missing-peer-id" 400 "The call does not say which peer it acts for",
    MissingToken "missing-token" 401 "The call needs the session token of the peer",
    InvalidToken "invalid-token" 401 "The session token is not the one of this peer",
    InvalidSignature "invalid-signature" 401 "The signature does not fit key, nonce and address",
    InvalidNonce "invalid-nonce" 401 "The nonce is unknown, used or too old",
    WrongAddress "wrong-address" 403 "The peer is registered from another address",
    KeyRequired "key-required" 403 "This id belongs to a key",
    PublicAddressRefused "public-address-refused" 403 "Open mode does not serve public addresses",
    ForbiddenHost "forbidden-host" 403 "The Host header names another machine",
    ForbiddenOrigin "forbidden-origin" 403 "Pages of another origin may not call this",
    ForwardedRefused "forwarded-refused" 403 "A proxy header came from an untrusted address",
    LocalOnly "local-only" 403 "Only clients of the same machine may call this",
    NotFound "not-found" 404 "There is nothing at this path",
    UnknownPeer "unknown-peer" 404 "This peer is not registered",
    UnknownFile "unknown-file" 404 "This file is not registered",
    UnknownContent "unknown-content" 404 "Nobody has this content",
    MethodNotAllowed "method-not-allowed" 405 "This method is not for this path",
    RequestTimeout "request-timeout" 408 "The request took too long to arrive",
    FileChanged "file-changed" 409 "The file on disk is no longer the one that was scanned",
    LengthRequired "length-required" 411 "The call needs a Content-Length",
    PreconditionFailed "precondition-failed" 412 "The file is not the one that was asked for",
    BodyTooLarge "body-too-large" 413 "The body is too large",
    UnsupportedMediaType "unsupported-media-type" 415 "The body must be sent as JSON",
    RangeNotSatisfiable "range-not-satisfiable" 416 "The range is not available",
    InvalidField "invalid-field" 422 "A field breaks a rule",
    OwnerMismatch "owner-mismatch" 422 "The owner in the body is not the peer in the header",
    UnprovenAddress "unproven-address" 422 "The address did not answer the proof",
    ForbiddenAddress "forbidden-address" 422 "This address is never published",
    TooManyFiles "too-many-files" 422 "The peer has as many records as it may have",
    TooManyPeers "too-many-peers" 422 "This address has as many peers as it may have",
    UpgradeRequired "upgrade-required" 426 "This path speaks WebSocket",
    RateLimited "rate-limited" 429 "Too many calls",
    HeadersTooLarge "headers-too-large" 431 "The request headers are too large",
    Internal "internal" 500 "The index failed to carry this out",
    IndexUnreachable "index-unreachable" 502 "The index does not answer",
    NotReady "not-ready" 503 "The index is still reading its journal",
    NoSourceOnline "no-source-online" 503 "Nobody who has this is online",
    Busy "busy" 503 "All upload slots are taken",
    Overloaded "overloaded" 503 "Too much is waiting already",
    JournalDamaged "journal-damaged" 503 "The journal of the index is damaged",
    ShuttingDown "shutting-down" 503 "The program is stopping",
    DiskFull "disk-full" 507 "The disk of the index is full",
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is none of the slugs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown problem type")]
pub struct UnknownSlug;

impl FromStr for Slug {
    type Err = UnknownSlug;

    fn from_str(text: &str) -> Result<Self, UnknownSlug> {
        Self::ALL
            .iter()
            .copied()
            .find(|slug| slug.as_str() == text)
            .ok_or(UnknownSlug)
    }
}

/// The document that answers every refused call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Stable short name of the kind of refusal; a newer program may know more of them.
    #[serde(rename = "type")]
    pub slug: String,
    /// Short title.
    pub title: String,
    /// HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// JSON pointer (`/port`) to the bad field, or the name of the bad parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl Problem {
    /// A problem of the kind `slug` with a sentence that helps.
    pub fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self {
            slug: slug.as_str().to_owned(),
            title: slug.title().to_owned(),
            status: slug.status(),
            detail: detail.into(),
            pointer: None,
        }
    }

    /// The same, pointing at the bad field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}
