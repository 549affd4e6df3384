//! Reads HTTP/1.1 framing (RFC 9112) just far enough to know where heads begin and end, and
//! whether one of them can be read in two ways. Pure: bytes in.
//!
//! After a chunked body it stops looking: the index closes such a connection behind its answer, so
//! nothing after it is ever read as a request.

/// Where in the stream the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the first byte of a request.
    Between,
    /// In a request line or a header.
    Head,
    /// In a body, or in what is no HTTP any more.
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Head,
    /// Body bytes to come.
    Body(u64),
    /// No longer followed.
    Done,
}

/// Longest line start that matters: `transfer-encoding`, and a length of 20 digits with spaces.
const LINE_KEPT_BYTES: usize = 64;

/// Follows the bytes of one connection.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    /// The line at hand, its start only.
    line: Vec<u8>,
    line_length: usize,
    last: u8,
    length: Option<u64>,
    is_chunked: bool,
    is_upgrade: bool,
    is_ambiguous: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Between,
            line: Vec::new(),
            line_length: 0,
            last: 0,
            length: None,
            is_chunked: false,
            is_upgrade: false,
            is_ambiguous: false,
        }
    }
}

impl Scanner {
    /// Takes the next bytes.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            match self.state {
                State::Done => return,
                State::Body(left) => {
                    let here = bytes.len() as u64;
                    if here < left {
                        self.state = State::Body(left - here);
                        return;
                    }
                    let skipped = usize::try_from(left).unwrap_or(bytes.len());
                    bytes = &bytes[skipped..];
                    self.state = State::Between;
                }
                // An empty line before a request is skipped (section 2.2).
                State::Between if matches!(first, b'\r' | b'\n') => bytes = &bytes[1..],
                State::Between => self.state = State::Head,
                State::Head => {
                    self.take_head_byte(*first);
                    bytes = &bytes[1..];
                }
            }
        }
    }

    /// Whether a head came that two servers could read differently: both framings, two different
    /// lengths, a line folded or ended without a carriage return.
    pub fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Where the next byte stands.
    pub fn place(&self) -> Place {
        match self.state {
            State::Between => Place::Between,
            State::Head => Place::Head,
            State::Body(_) | State::Done => Place::Body,
        }
    }

    fn take_head_byte(&mut self, byte: u8) {
        if byte == b'\n' {
            if self.last == b'\r' {
                self.line_length -= 1;
                self.line.truncate(self.line_length.min(LINE_KEPT_BYTES));
            } else {
                self.is_ambiguous = true;
            }
            self.end_line();
            self.last = 0;
            return;
        }
        if self.line.len() < LINE_KEPT_BYTES {
            self.line.push(byte.to_ascii_lowercase());
        }
        self.line_length += 1;
        self.last = byte;
    }

    fn end_line(&mut self) {
        if self.line_length == 0 {
            self.end_head();
            return;
        }
        if matches!(self.line.first(), Some(b' ' | b'\t')) {
            self.is_ambiguous = true;
        }
        if let Some(value) = self.value_of(b"content-length") {
            self.is_ambiguous |= self.length.is_some_and(|length| length != value);
            self.length = Some(value);
        }
        self.is_chunked |= self.line.starts_with(b"transfer-encoding");
        self.is_upgrade |= self.line.starts_with(b"upgrade:");
        self.line.clear();
        self.line_length = 0;
    }

    /// A length that is no number is refused by hyper.
    fn value_of(&self, name: &[u8]) -> Option<u64> {
        let rest = self.line.strip_prefix(name)?;
        let digits = std::str::from_utf8(rest)
            .ok()?
            .trim_start()
            .strip_prefix(':')?;
        Some(digits.trim().parse().unwrap_or(u64::MAX))
    }

    fn end_head(&mut self) {
        self.is_ambiguous |= self.is_chunked && self.length.is_some();
        self.state = match self.length.take() {
            _ if self.is_chunked || self.is_upgrade => State::Done,
            Some(0) | None => State::Between,
            Some(length) => State::Body(length),
        };
        self.line.clear();
        self.line_length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` whole and byte by byte: the outcome must be the same.
    fn check(text: &str, place: Place, is_ambiguous: bool) {
        let mut whole = Scanner::default();
        whole.feed(text.as_bytes());
        let mut slow = Scanner::default();
        for byte in text.as_bytes() {
            slow.feed(&[*byte]);
        }
        for scanner in [whole, slow] {
            assert_eq!(scanner.place(), place, "{text:?}");
            assert_eq!(scanner.is_ambiguous(), is_ambiguous, "{text:?}");
        }
    }

    #[test]
    fn it_knows_heads_from_bodies() {
        check("", Place::Between, false);
        check("GET / HTTP/1.1\r\nHost: a\r\n", Place::Head, false);
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Place::Between, false);
        check("\r\n\r\nG", Place::Head, false);
        let post = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
        check(&format!("{post}1234"), Place::Body, false);
        check(&format!("{post}12345"), Place::Between, false);
        check(&format!("{post}12345{post}1"), Place::Body, false);
        check(
            &format!("{post}12345GET / HTTP/1.1\nHost"),
            Place::Head,
            true,
        );
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{chunked}0\r\n\r\nGET"), Place::Body, false);
    }

    #[test]
    fn heads_with_two_meanings_are_seen() {
        let head = |lines: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let both = head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
        check(&both, Place::Body, true);
        let both = head("transfer-encoding: chunked\r\ncontent-length: 5\r\n");
        check(&both, Place::Body, true);
        let lengths = head("Content-Length: 5\r\nContent-Length: 6\r\n");
        check(&lengths, Place::Body, true);
        check(
            &head("Content-Length: 5\r\nContent-Length: 5\r\n"),
            Place::Body,
            false,
        );
        check(&head("X: a\nContent-Length: 0\r\n"), Place::Between, true);
        check(
            &head("X: a\r\n Content-Length: 5\r\n"),
            Place::Between,
            true,
        );
        check(&head("X: a\r\n\tb\r\n"), Place::Between, true);
    }

    #[test]
    fn a_smuggled_head_in_a_second_request_is_seen_as_well() {
        let first = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        let second = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: x\r\n\r\n";
        check(&format!("{first}{second}"), Place::Body, true);
    }
}
