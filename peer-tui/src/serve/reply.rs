//! Answers without bytes of files: JSON, text, problem documents. The only place of the serving
//! side where a refusal becomes a status.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, StatusCode};
use protocol::door;
use protocol::json::escaped;
use protocol::problem::{Problem, Slug};
use serde::Serialize;
use warp::reply::Response;

/// 200 with a JSON document.
pub fn json<T: Serialize>(value: &T) -> Result<Response, Problem> {
    let body = serde_json::to_vec(value)
        .map_err(|error| Problem::new(Slug::Internal, format!("encode the answer: {error}")))?;
    let mut response = Response::new(escaped(body).into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// 200 with text of the given type.
pub fn text(content_type: &'static str, body: impl Into<String>) -> Response {
    let mut response = Response::new(body.into().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The answer that tells of a refusal.
pub fn problem(problem: &Problem) -> Response {
    let body = escaped(serde_json::to_vec(problem).unwrap_or_default());
    let mut response = Response::new(body.into());
    *response.status_mut() =
        StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/problem+json");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.status == Slug::UpgradeRequired.status() {
        door::ask_for_socket(headers);
    }
    if problem.status == 503 {
        // A slot is free again as soon as somebody's file is through.
        headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// Nothing stands at this path.
pub fn not_found() -> Response {
    problem(&Problem::new(
        Slug::NotFound,
        "no call of a peer has this path; files are at /content/HASH and /download/FILE_ID",
    ))
}

/// The path is right, the method is not.
pub fn method_not_allowed(method: &Method) -> Response {
    let detail = format!("this path takes GET, HEAD and OPTIONS, not {method}");
    let mut response = problem(&Problem::new(Slug::MethodNotAllowed, detail));
    response.headers_mut().insert(ALLOW, READING);
    response
}

/// 204 that tells the methods of a path.
pub fn options() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, READING);
    response
}

/// Everything that a peer answers is read.
const READING: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
