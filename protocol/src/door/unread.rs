//! Words for the one answer that no handler gives: the HTTP library refuses a head that it cannot
//! read with a status alone. Pure; must not know the connection.

use http::StatusCode;

use super::Denied;
use crate::problem::{Problem, Slug};

/// The whole answer to a request whose head could not be read, as it goes over the wire, in place
/// of `answer` if that is such a bare refusal; the connection ends with it. No answer of ours has a
/// status of 400 or more and no body. `to_json` writes the document of its body.
pub fn in_place_of(answer: &[u8], to_json: impl FnOnce(&Problem) -> Vec<u8>) -> Option<Vec<u8>> {
    let denied = why(answer)?;
    let status = StatusCode::from_u16(denied.slug.status()).ok()?;
    let body = to_json(&denied.into());
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncache-control: \
         no-store\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Some([head.into_bytes(), body].concat())
}

fn why(answer: &[u8]) -> Option<Denied> {
    const NO_BODY: &[u8] = b"\r\ncontent-length: 0\r\n";
    let status = answer.strip_prefix(b"HTTP/1.1 4")?.get(..2)?;
    let is_bare =
        answer.ends_with(b"\r\n\r\n") && answer.windows(NO_BODY.len()).any(|part| part == NO_BODY);
    let (slug, detail) = match status {
        _ if !is_bare => return None,
        b"00" => (
            Slug::InvalidRequest,
            "the head of the request is not HTTP/1.1: a request line, headers as name, colon and \
             value, and an empty line",
        ),
        b"14" | b"31" => (
            Slug::HeadersTooLarge,
            "request line and headers have at most 16 KiB and 64 lines; a long list belongs in a \
             body",
        ),
        _ => return None,
    };
    Some(Denied { slug, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        let to_json = |problem: &Problem| serde_json::to_vec(problem).unwrap();
        let said = |answer: &str| in_place_of(answer.as_bytes(), to_json);
        for (bare, slug) in [
            (
                "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                Slug::HeadersTooLarge,
            ),
            (
                "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
                Slug::InvalidRequest,
            ),
        ] {
            let words = String::from_utf8(said(bare).unwrap()).unwrap();
            let (head, body) = words.split_once("\r\n\r\n").unwrap();
            assert_eq!(head.lines().next(), bare.lines().next());
            assert!(head.contains("application/problem+json"), "{head}");
            assert!(head.ends_with(&format!("content-length: {}", body.len())));
            let problem: Problem = serde_json::from_str(body).unwrap();
            assert_eq!(problem.slug, slug.as_str());
        }
        for other in [
            "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n",
            "HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n",
            "{}",
        ] {
            assert!(said(other).is_none(), "{other}");
        }
    }
}
