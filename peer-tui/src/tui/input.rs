//! Bytes of a terminal to keys: cut sequences are joined, pastes are text and never keys.
//!
//! A pure state machine; the clock that ends the wait for the rest of a cut sequence is outside.

mod key;
mod sequence;

pub use key::{Code, Key, UnknownKey};

/// A paste is cut here: nobody searches for more, and a stuck paste must not eat memory.
const PASTE_MAX_BYTES: usize = 64 * 1024;
/// No sequence that means anything is longer.
const SEQUENCE_MAX_BYTES: usize = 64;
const PASTE_START: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputEvent {
    /// A key.
    Key(Key),
    /// Pasted text, as it came.
    Paste(String),
}

/// Joins bytes to events.
#[derive(Debug, Default)]
pub struct Parser {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
}

/// What the front of the pending bytes is.
enum Front {
    /// Cannot be told before more comes.
    Incomplete,
    /// So many bytes mean this, or nothing.
    Known(usize, Option<Key>),
}

impl Parser {
    /// Takes bytes as they came and yields what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<InputEvent> {
        self.pending.extend_from_slice(bytes);
        self.drain(false)
    }

    /// Whether the rest of a sequence is waited for; call [`Self::give_up`] when it does not come.
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    /// The rest did not come: what is there is taken for what it is (a lone escape is Esc).
    pub fn give_up(&mut self) -> Vec<InputEvent> {
        self.drain(true)
    }

    fn drain(&mut self, is_final: bool) -> Vec<InputEvent> {
        let mut events = Vec::new();
        loop {
            if self.paste.is_some() {
                let Some(text) = self.end_of_paste() else {
                    return events;
                };
                events.push(InputEvent::Paste(text));
            }
            if self.pending.is_empty() {
                return events;
            }
            if self.pending.starts_with(PASTE_START) {
                self.pending.drain(..PASTE_START.len());
                self.paste = Some(Vec::new());
                continue;
            }
            match front(&self.pending) {
                Front::Known(length, key) => {
                    self.pending.drain(..length);
                    events.extend(key.map(InputEvent::Key));
                }
                Front::Incomplete if is_final => {
                    events.extend(abandoned(&self.pending).map(InputEvent::Key));
                    self.pending.clear();
                    return events;
                }
                Front::Incomplete => return events,
            }
        }
    }

    /// Moves pending bytes into the paste; its text once the end mark has come.
    fn end_of_paste(&mut self) -> Option<String> {
        let end = self
            .pending
            .windows(PASTE_END.len())
            .position(|window| window == PASTE_END);
        // The end mark itself may be cut: keep back as much as could be its start.
        let kept = PASTE_END.len() - 1;
        let taken = end.unwrap_or(self.pending.len().saturating_sub(kept));
        let dropped = end.map_or(taken, |end| end + PASTE_END.len());
        let paste = self.paste.get_or_insert_default();
        let room = PASTE_MAX_BYTES.saturating_sub(paste.len());
        paste.extend_from_slice(&self.pending[..taken.min(room)]);
        self.pending.drain(..dropped);
        end?;
        let bytes = self.paste.take()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        [] => Front::Incomplete,
        [0x1b] => Front::Incomplete,
        [0x1b, b'[', ..] => match sequence::control(&bytes[2..]) {
            Some((length, key)) => Front::Known(length + 2, key),
            None if bytes.len() > SEQUENCE_MAX_BYTES => Front::Known(bytes.len(), None),
            None => Front::Incomplete,
        },
        [0x1b, b'O'] => Front::Incomplete,
        [0x1b, b'O', last, ..] => Front::Known(3, sequence::single_shift(*last)),
        // Strings to the terminal that came back (colours, names): up to their end.
        [0x1b, b']' | b'P' | b'_', rest @ ..] => match string_end(rest) {
            Some(length) => Front::Known(length + 2, None),
            None if bytes.len() > SEQUENCE_MAX_BYTES => Front::Known(bytes.len(), None),
            None => Front::Incomplete,
        },
        [0x1b, 0x1b, ..] => Front::Known(1, Some(Key::plain(Code::Esc))),
        [0x1b, rest @ ..] => match front(rest) {
            Front::Known(length, key) => Front::Known(length + 1, key.map(Key::with_alt)),
            Front::Incomplete => Front::Incomplete,
        },
        [0x20..0x7f, ..] => Front::Known(1, Some(Key::char(char::from(bytes[0])))),
        [0x00..=0x1f | 0x7f, ..] => Front::Known(1, Some(control_character(bytes[0]))),
        _ => multibyte(bytes),
    }
}

fn string_end(rest: &[u8]) -> Option<usize> {
    let bell = rest.iter().position(|byte| *byte == 0x07).map(|at| at + 1);
    let terminator = rest
        .windows(2)
        .position(|window| window == b"\x1b\\")
        .map(|at| at + 2);
    [bell, terminator].into_iter().flatten().min()
}

fn control_character(byte: u8) -> Key {
    match byte {
        b'\r' | b'\n' => Key::plain(Code::Enter),
        b'\t' => Key::plain(Code::Tab),
        0x08 | 0x7f => Key::plain(Code::Backspace),
        0x00 => Key::ctrl(' '),
        0x01..=0x1a => Key::ctrl(char::from(byte - 1 + b'a')),
        _ => Key::ctrl(char::from(byte + 0x40)),
    }
}

fn multibyte(bytes: &[u8]) -> Front {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Front::Known(1, None),
    };
    let whole = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(whole) {
        Ok(text) => Front::Known(length, text.chars().next().map(Key::char)),
        Err(error) if error.error_len().is_none() => Front::Incomplete,
        Err(_) => Front::Known(1, None),
    }
}

/// What a sequence is whose rest never came.
fn abandoned(bytes: &[u8]) -> Option<Key> {
    match bytes {
        [0x1b] => Some(Key::plain(Code::Esc)),
        [0x1b, byte @ 0x20..0x7f] => Some(Key::char(char::from(*byte)).with_alt()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> InputEvent {
        InputEvent::Key(name.parse().expect("a key name"))
    }

    fn check(chunks: &[&[u8]], expected: &[InputEvent]) {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for chunk in chunks {
            events.extend(parser.feed(chunk));
        }
        events.extend(parser.give_up());
        assert_eq!(events, expected, "{chunks:?}");
    }

    #[test]
    fn keys_are_read_whole_and_cut() {
        check(&[b"j"], &[key("j")]);
        check(&[b"\x1b[A"], &[key("Up")]);
        check(&[b"\x1b", b"[A"], &[key("Up")]);
        check(&[b"\x1b[", b"A"], &[key("Up")]);
        check(&[b"\x1bO", b"B"], &[key("Down")]);
        check(&[b"\x1b[5", b"~"], &[key("PgUp")]);
        check(&[b"\x1b"], &[key("Esc")]);
        check(&[b"\x1b\x1b"], &[key("Esc"), key("Esc")]);
        check(&[b"\x1bb"], &[key("Alt+b")]);
        check(&[b"\x1b1"], &[key("Alt+1")]);
        check(&[b"\x1bOP"], &[key("F1")]);
        check(&[b"\x1b[11~"], &[key("F1")]);
        check(&[b"\x1b[[A"], &[key("F1")]);
        check(&[b"\x1b[Z"], &[key("Shift+Tab")]);
        check(&[b"\x06\x10"], &[key("^F"), key("^P")]);
        check(&[b"\r\x7f\t"], &[key("Enter"), key("BS"), key("Tab")]);
        check(&["\u{e9}文".as_bytes()], &[key("é"), key("文")]);
        check(&[b"\xe6\x96", b"\x87"], &[key("文")]);
        check(&[b"\xff\xfej"], &[key("j")]);
    }

    #[test]
    fn kitty_keys_are_read() {
        check(&[b"\x1b[27u"], &[key("Esc")]);
        check(&[b"\x1b[102;5u"], &[key("^F")]);
        check(&[b"\x1b[98;3u"], &[key("Alt+b")]);
        check(&[b"\x1b[102;5:3u"], &[]);
        check(&[b"\x1b[1;5C"], &[key("Alt+Right")]);
        check(&[b"\x1b[57399u"], &[key("0")]);
        check(&[b"\x1b[9;2u"], &[key("Shift+Tab")]);
    }

    #[test]
    fn answers_of_the_terminal_are_no_keys() {
        check(&[b"\x1b[?62;22c"], &[]);
        check(&[b"\x1b]11;rgb:0/0/0\x07j"], &[key("j")]);
        check(&[b"\x1b]11;rgb:0/0/0\x1b\\j"], &[key("j")]);
        check(&[b"\x1b[I\x1b[O"], &[]);
    }

    #[test]
    fn a_paste_is_text_even_when_it_holds_keys() {
        let paste = |text: &str| InputEvent::Paste(text.to_owned());
        check(&[b"\x1b[200~q\rQ\x1b[201~"], &[paste("q\rQ")]);
        check(
            &[b"\x1b[20", b"0~a", b"b\x1b[20", b"1~j"],
            &[paste("ab"), key("j")],
        );
        let mut parser = Parser::default();
        assert!(parser.feed(b"\x1b[200~q").is_empty());
        assert!(!parser.is_waiting(), "no clock ends a paste");
        assert_eq!(parser.feed(b"\x1b[201~"), [paste("q")]);
    }

    #[test]
    fn a_huge_paste_is_cut() {
        let mut parser = Parser::default();
        parser.feed(PASTE_START);
        for _ in 0..200 {
            parser.feed(&[b'x'; 1024]);
        }
        match parser.feed(PASTE_END).as_slice() {
            [InputEvent::Paste(text)] => assert_eq!(text.len(), PASTE_MAX_BYTES),
            other => panic!("{other:?}"),
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_wait_for_ever(chunks: Vec<Vec<u8>>) {
            let mut parser = Parser::default();
            for chunk in &chunks {
                parser.feed(chunk);
                proptest::prop_assert!(parser.pending.len() <= SEQUENCE_MAX_BYTES + chunk.len());
            }
            parser.give_up();
            proptest::prop_assert!(!parser.is_waiting());
        }
    }
}
