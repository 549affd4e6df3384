//! Words for the one answer that no handler of ours gives: hyper refuses a head that it cannot read
//! with a status alone. Pure; must not know the connection.

use protocol::problem::Slug;

use crate::command::Refusal;
use crate::http::problem::last_words;

/// A problem document on its way out in place of a bare refusal.
#[derive(Debug)]
pub struct Refused {
    words: Vec<u8>,
    sent_bytes: usize,
}

impl Refused {
    /// What to say if `answer` is such a refusal: no answer of ours has a status of 400 or more
    /// and no body.
    pub fn in_place_of(answer: &[u8]) -> Option<Self> {
        let status = answer.strip_prefix(b"HTTP/1.1 4")?.get(..2)?;
        let is_bare = memchr::memmem::find(answer, b"\r\ncontent-length: 0\r\n").is_some()
            && answer.ends_with(b"\r\n\r\n");
        let (slug, detail) = match status {
            _ if !is_bare => return None,
            b"00" => (
                Slug::InvalidRequest,
                "the head of the request is not HTTP/1.1: a request line, headers as name, colon \
                 and value, and an empty line",
            ),
            b"14" | b"31" => (
                Slug::HeadersTooLarge,
                "request line and headers have at most 16 KiB and 64 lines; a long list belongs \
                 in a body",
            ),
            _ => return None,
        };
        Some(Self {
            words: last_words(&Refusal::new(slug, detail)),
            sent_bytes: 0,
        })
    }

    /// What is not sent yet.
    pub fn rest(&self) -> &[u8] {
        self.words.get(self.sent_bytes..).unwrap_or_default()
    }

    /// So many bytes more are sent.
    pub fn advance(&mut self, count: usize) {
        self.sent_bytes += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_refusal_is_replaced() {
        let said = |answer: &str| Refused::in_place_of(answer.as_bytes());
        let bare = "HTTP/1.1 431 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let mut refused = said(bare).unwrap();
        assert!(refused.rest().starts_with(b"HTTP/1.1 431 "));
        refused.advance(refused.rest().len());
        assert!(refused.rest().is_empty());
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
