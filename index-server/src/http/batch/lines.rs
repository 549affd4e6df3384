//! Cuts a stream of bytes into lines without holding more than one of them.

use std::ops::Range;

use protocol::limits::BATCH_LINE_MAX_BYTES;
use protocol::problem::Slug;

use crate::command::Refusal;

/// UTF-8 has it at the very start or nowhere; it means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes that came and are not lines yet.
#[derive(Debug, Default)]
pub struct Lines {
    pending: Vec<u8>,
    /// Start of what was not handed out.
    start: usize,
    /// Lines handed out.
    count: u64,
    /// Inside a line that was too long: its rest is skipped.
    is_skipping: bool,
}

/// A line's number, counted from 1, and its bytes or why it cannot be read.
pub type NumberedLine<'l> = (u64, Result<&'l [u8], Refusal>);

impl Lines {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.drain(..self.start);
        self.start = 0;
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole line, without its end.
    pub fn next_line(&mut self) -> Option<NumberedLine<'_>> {
        loop {
            let Some(length) = memchr::memchr(b'\n', &self.pending[self.start..]) else {
                let number = self.cut_overlong()?;
                return Some((number, Err(too_long())));
            };
            let line = self.start..self.start + length;
            self.start = line.end + 1;
            if !std::mem::take(&mut self.is_skipping) {
                return Some(self.number(line));
            }
        }
    }

    /// What stands after the last line end.
    pub fn last_line(&mut self) -> Option<NumberedLine<'_>> {
        let line = self.start..self.pending.len();
        self.start = line.end;
        let is_line = !line.is_empty() && !self.is_skipping;
        is_line.then(|| self.number(line))
    }

    /// A line without an end in sight is rejected as soon as it is too long.
    fn cut_overlong(&mut self) -> Option<u64> {
        let length = self.pending.len() - self.start;
        if self.is_skipping {
            self.start = self.pending.len();
            return None;
        }
        if length <= BATCH_LINE_MAX_BYTES {
            return None;
        }
        self.start = self.pending.len();
        self.is_skipping = true;
        self.count += 1;
        Some(self.count)
    }

    fn number(&mut self, line: Range<usize>) -> NumberedLine<'_> {
        self.count += 1;
        let line = &self.pending[line];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Some editors put a mark of their encoding in front.
        let is_marked = self.count == 1 && line.starts_with(BYTE_ORDER_MARK);
        let line = &line[if is_marked { BYTE_ORDER_MARK.len() } else { 0 }..];
        if line.len() > BATCH_LINE_MAX_BYTES {
            return (self.count, Err(too_long()));
        }
        (self.count, Ok(line))
    }
}

fn too_long() -> Refusal {
    let detail = format!("a line has at most {BATCH_LINE_MAX_BYTES} bytes");
    Refusal::new(Slug::BodyTooLarge, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_the_encoding_is_skipped_at_the_very_start_alone() {
        let mut lines = Lines::default();
        for bytes in [&b"\xef"[..], b"\xbb\xbf{}\n\xef\xbb\xbf{}\n"] {
            lines.push(bytes);
        }
        let read = |line: Option<NumberedLine<'_>>| line.map(|(_, line)| line.map(<[u8]>::to_vec));
        assert_eq!(read(lines.next_line()), Some(Ok(b"{}".to_vec())));
        assert_eq!(
            read(lines.next_line()),
            Some(Ok(b"\xef\xbb\xbf{}".to_vec()))
        );
    }
    use proptest::prelude::*;

    fn cut(body: &[u8], chunk: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for part in body.chunks(chunk) {
            lines.push(part);
            while let Some((number, line)) = lines.next_line() {
                found.push((number, line.ok().map(<[u8]>::to_vec)));
            }
        }
        let last = lines.last_line();
        found.extend(last.map(|(number, line)| (number, line.ok().map(<[u8]>::to_vec))));
        found
    }

    #[test]
    fn an_overlong_line_is_rejected_alone_and_counted_once() {
        let long = vec![b'x'; BATCH_LINE_MAX_BYTES + 1];
        let body = [b"a\n".as_slice(), &long, b"\nb\n\nc"].concat();
        for chunk in [1_000, 70_000, 1 << 20] {
            let expected = vec![
                (1, Some(b"a".to_vec())),
                (2, None),
                (3, Some(b"b".to_vec())),
                (4, Some(Vec::new())),
                (5, Some(b"c".to_vec())),
            ];
            assert_eq!(cut(&body, chunk), expected, "chunks of {chunk}");
        }
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_the_body_is_cut(
            body in "([a-c\r]{0,5}\n?){0,20}",
            chunk in 1_usize..9,
        ) {
            let whole: Vec<_> = body
                .lines()
                .zip(1..)
                .map(|(line, number)| (number, Some(line.as_bytes().to_vec())))
                .collect();
            let body_is_plain = !body.ends_with('\r');
            prop_assume!(body_is_plain);
            prop_assert_eq!(cut(body.as_bytes(), chunk), whole);
        }
    }
}
