//! Words for the one answer that no handler of ours gives: hyper refuses a head that it cannot read
//! with a status alone. Pure; must not know the connection.

use protocol::door::unread;

/// A problem document on its way out in place of a bare refusal.
#[derive(Debug)]
pub struct Refused {
    words: Vec<u8>,
    sent_bytes: usize,
}

impl Refused {
    /// What to say if `answer` is such a refusal.
    pub fn in_place_of(answer: &[u8]) -> Option<Self> {
        let words = unread::in_place_of(answer, |problem| {
            serde_json::to_vec(problem).unwrap_or_default()
        })?;
        Some(Self {
            words,
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
        assert!(said("HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n").is_none());
    }
}
