//! The whole file from one source that knows no pieces, as far as it gives it.
//!
//! Knows the head of an answer and the count of its bytes; what they hash to is seen elsewhere.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use protocol::byte_range::ByteRange;
use protocol::routes;
use reqwest::{Response, StatusCode};

use super::answer::{self, check_part, check_whole};
use super::pace::Pace;
use super::{Fault, Http, Place, range_of};
use crate::rate::RateLimit;

impl Http {
    /// The whole file from `rest.offset` on, or from the front on where the source does not give a
    /// part or has no longer what it had; for sources without pieces.
    ///
    /// # Errors
    /// The [`Fault`].
    pub async fn whole(
        &self,
        place: &Place,
        size_bytes: u64,
        rest: &Rest,
        has_others: Arc<AtomicBool>,
    ) -> Result<Whole, Fault> {
        let range = ByteRange::new(rest.offset, u64::MAX, size_bytes);
        let asked = range.filter(|_| rest.offset > 0);
        let mut headers = asked.map_or_else(Vec::new, range_of);
        headers.extend(
            rest.if_range
                .clone()
                .filter(|_| asked.is_some())
                .map(|tag| ("if-range", tag)),
        );
        let response = self
            .get(place, &routes::content(&place.hash), headers)
            .await?;
        let asked = asked.filter(|_| response.status() != StatusCode::OK);
        match asked {
            Some(range) => {
                let (status, headers) = (response.status(), response.headers());
                check_part(status, headers, &place.hash, (range, size_bytes))?;
            }
            None => check_whole(&response, Some(&place.hash), Some(size_bytes))?,
        }
        let starts_at = asked.map_or(0, ByteRange::first);
        Ok(Whole {
            starts_at,
            tag: answer::strong_tag(&response),
            http: self.clone(),
            of_source: place.limit.clone(),
            response,
            pace: Pace::new(self.timing, Some(has_others)),
            left_bytes: size_bytes - starts_at,
        })
    }
}

/// From where on a whole file is wanted.
#[derive(Debug, Clone)]
pub struct Rest {
    /// Bytes that are there.
    pub offset: u64,
    /// The tag of what they are the front of, where the source has one.
    pub if_range: Option<String>,
}

/// A whole file on its way.
pub struct Whole {
    /// Position of the first byte that comes.
    pub starts_at: u64,
    /// Its strong tag, where the source told one.
    pub tag: Option<String>,
    http: Http,
    of_source: RateLimit,
    response: Response,
    pace: Pace,
    left_bytes: u64,
}

impl Whole {
    /// The next bytes; `None` when all have come.
    ///
    /// # Errors
    /// The [`Fault`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.left_bytes == 0 {
            return Ok(None);
        }
        let next = self
            .http
            .chunk(&self.of_source, &mut self.response, &mut self.pace);
        let Some(chunk) = next.await? else {
            return Err(Fault::Broken("broke off".to_owned()));
        };
        let left = self.left_bytes.checked_sub(chunk.len() as u64);
        self.left_bytes =
            left.ok_or_else(|| Fault::Lied("sent more than was asked for".to_owned()))?;
        Ok(Some(chunk))
    }
}
