//! The headers that say what a content is, written once for as long as it is open.

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use protocol::hash::ContentHash;

use super::names;

/// Values of headers; cheap to clone.
#[derive(Debug, Clone)]
pub struct Labels {
    /// `ETag`.
    pub etag: HeaderValue,
    /// `Content-Type`.
    pub content_type: HeaderValue,
    /// `Content-Disposition`.
    pub disposition: HeaderValue,
    /// `Repr-Digest`.
    pub repr_digest: HeaderValue,
}

impl Labels {
    /// Of a content with this name.
    ///
    /// # Errors
    /// When a text is none that a header can hold.
    pub fn of(hash: &ContentHash, name: &str) -> Result<Self, InvalidHeaderValue> {
        Ok(Self {
            etag: names::etag(hash).try_into()?,
            content_type: names::content_type(name).try_into()?,
            disposition: names::disposition(name).try_into()?,
            repr_digest: names::repr_digest(hash).try_into()?,
        })
    }

    /// The entity tag as text, quotes included.
    pub fn etag(&self) -> &str {
        self.etag.to_str().unwrap_or_default()
    }
}
