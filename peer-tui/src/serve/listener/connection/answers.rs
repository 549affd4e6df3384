//! Where in its answers a connection is, and the words in place of a bare refusal of the HTTP
//! library, which stands at the beginning of an answer or is none: a file may hold the same bytes.
//!
//! Pure; must not know the socket.

use protocol::door::unread;
use protocol::problem::Problem;

/// Follows the answers of one connection as they are written.
#[derive(Debug)]
pub struct Answers {
    /// Bytes of the answer at hand that are still to come; `None` for good once that is not known.
    owed: Option<u64>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { owed: Some(0) }
    }
}

impl Answers {
    /// Looks at what is about to be written, its beginning or (`is_all`) all of it; yields what to
    /// write in its place.
    pub fn look(&mut self, beginning: &[u8], is_all: bool) -> Option<Vec<u8>> {
        if self.owed != Some(0) {
            return None;
        }
        let to_json = |problem: &Problem| serde_json::to_vec(problem).unwrap_or_default();
        let words = is_all.then(|| unread::in_place_of(beginning, to_json));
        self.owed = length_of(beginning);
        words.flatten()
    }

    /// So many bytes were written.
    pub fn wrote(&mut self, bytes: u64) {
        self.owed = self.owed.and_then(|owed| owed.checked_sub(bytes));
    }
}

/// Bytes of an answer with this beginning, its head included, where the head tells.
fn length_of(beginning: &[u8]) -> Option<u64> {
    let end = beginning.windows(4).position(|part| part == b"\r\n\r\n")?;
    let head = str::from_utf8(&beginning[..end]).ok()?;
    let mut lengths = head
        .lines()
        .filter_map(|line| line.strip_prefix("content-length: "));
    let length: u64 = lengths.next()?.parse().ok()?;
    length.checked_add(end as u64 + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

    #[test]
    fn a_file_that_looks_like_a_refusal_goes_out_as_it_is() {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BARE.len());
        let mut answers = Answers::default();
        assert_eq!(answers.look(head.as_bytes(), true), None);
        answers.wrote(head.len() as u64);
        assert_eq!(answers.look(BARE, true), None, "it is the body");
        answers.wrote(BARE.len() as u64);
        assert!(answers.look(BARE, true).is_some(), "it is an answer");
    }

    #[test]
    fn nothing_is_replaced_once_it_is_not_known_where_an_answer_begins() {
        for (beginning, wrote) in [
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 48),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst and the next",
                60,
            ),
            ("HTTP/1.1 304 Not Modified\r\n\r\n", 29),
        ] {
            let mut answers = Answers::default();
            assert_eq!(answers.look(beginning.as_bytes(), false), None);
            answers.wrote(wrote);
            assert_eq!(answers.look(BARE, true), None, "{beginning}");
        }
    }
}
