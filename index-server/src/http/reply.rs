//! Answers that are not refusals: JSON, plain text, nothing.
//!
//! Must not know what they say.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use protocol::problem::Slug;
use serde::Serialize;
use warp::reply::Response;

use crate::command::Refusal;

/// 200 with a JSON document that no cache may keep: every answer is of this moment and vantage.
///
/// # Errors
/// `Slug::Internal` when the value has no JSON form.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Refusal> {
    json_of_about(128, value)
}

/// The same of a document of about so many bytes: it is not moved while it grows.
///
/// # Errors
/// As [`json`].
pub fn json_of_about<T: Serialize>(size_bytes: usize, value: &T) -> Result<Response, Refusal> {
    let mut body = Vec::with_capacity(size_bytes);
    serde_json::to_writer(&mut body, value)
        .map_err(|error| Refusal::new(Slug::Internal, format!("encode the answer: {error}")))?;
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
