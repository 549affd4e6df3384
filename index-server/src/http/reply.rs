//! Answers that are not refusals: JSON, plain text, nothing.
//!
//! Must not know what they say.

use std::fmt::Display;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use protocol::json::escape_hidden;
use protocol::problem::Slug;
use serde::Serialize;
use warp::reply::Response;

use crate::command::Refusal;

/// 200 with a JSON document that no cache may keep: every answer is of this moment and vantage.
///
/// # Errors
/// `Slug::Internal` when the value has no JSON form.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Refusal> {
    json_behind(Vec::with_capacity(128), &[], value)
}

/// The same of a document whose beginning is written already: what `value` says without `start`,
/// with which it must begin, goes behind `body`.
///
/// # Errors
/// As [`json`]; also when `value` does not begin so.
pub fn json_behind<T: Serialize>(
    mut body: Vec<u8>,
    start: &[u8],
    value: &T,
) -> Result<Response, Refusal> {
    let internal =
        |error: &dyn Display| Refusal::new(Slug::Internal, format!("encode the answer: {error}"));
    let written = body.len();
    serde_json::to_writer(&mut body, value).map_err(|error| internal(&error))?;
    if !body[written..].starts_with(start) {
        return Err(internal(&"its parts do not fit together"));
    }
    body.drain(written..written + start.len());
    escape_hidden(&mut body, written);
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// 200 with text of the given type.
pub fn text(content_type: &'static str, body: impl Into<String>) -> Response {
    let mut response = Response::new(body.into().into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// 204.
pub fn nothing() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
