//! Escape sequences to keys: what xterm, the Linux console, rxvt and the kitty protocol send.

use super::key::{Code, Key};

/// Reads what follows `ESC [`: (bytes of it, key or nothing). `None` while its end has not come.
pub(super) fn control(rest: &[u8]) -> Option<(usize, Option<Key>)> {
    // The Linux console sends F1 to F5 as `ESC [ [ A` to `E`.
    if let [b'[', tail @ ..] = rest {
        let last = tail.first()?;
        let key = matches!(last, b'A'..=b'E').then(|| function(last - b'A' + 1));
        return Some((2, key));
    }
    let end = rest.iter().position(|byte| !(0x20..=0x3f).contains(byte))?;
    let (parameters, last) = (&rest[..end], rest[end]);
    if !(0x40..=0x7e).contains(&last) {
        // Not a sequence after all: drop its beginning, keep what broke it.
        return Some((end, None));
    }
    Some((end + 1, meaning(parameters, last)))
}

/// Reads the byte after `ESC O`.
pub(super) fn single_shift(last: u8) -> Option<Key> {
    match last {
        b'P'..=b'S' => Some(function(last - b'P' + 1)),
        b'M' => Some(Key::plain(Code::Enter)),
        _ => cursor(last).map(Key::plain),
    }
}

const fn function(number: u8) -> Key {
    Key::plain(Code::F(number))
}

fn cursor(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        _ => return None,
    })
}

fn meaning(parameters: &[u8], last: u8) -> Option<Key> {
    let text = std::str::from_utf8(parameters).ok()?;
    if text.starts_with(['?', '<', '>', '=']) {
        return None;
    }
    let mut fields = text.split(';');
    let first = number(fields.next());
    let mut modifier_field = fields.next().unwrap_or_default().split(':');
    let modifiers = number(modifier_field.next()).unwrap_or(1).saturating_sub(1);
    // Event type 3 is a release.
    if modifier_field.next() == Some("3") {
        return None;
    }
    let code = match last {
        b'~' => tilde(first?)?,
        b'u' => return kitty(first?, modifiers),
        b'Z' => Code::BackTab,
        b'P'..=b'S' if first.is_some() => Code::F(last - b'P' + 1),
        _ => cursor(last)?,
    };
    Some(with_modifiers(code, modifiers))
}

fn number(field: Option<&str>) -> Option<u32> {
    field?.split(':').next()?.parse().ok()
}

fn tilde(number: u32) -> Option<Code> {
    Some(match number {
        1 | 7 => Code::Home,
        2 => Code::Insert,
        3 => Code::Delete,
        4 | 8 => Code::End,
        5 => Code::PageUp,
        6 => Code::PageDown,
        11..=15 => Code::F(u8::try_from(number - 10).ok()?),
        17..=21 => Code::F(u8::try_from(number - 11).ok()?),
        23 | 24 => Code::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

/// Shift is bit 0, Alt bit 1, Control bit 2 of the field minus one.
fn with_modifiers(code: Code, modifiers: u32) -> Key {
    let is_cursor = !matches!(code, Code::Char(_));
    let (alt, ctrl) = (modifiers & 2 != 0, modifiers & 4 != 0);
    match code {
        // Word jumps are Control in some terminals and Alt in others: one meaning here.
        Code::Left | Code::Right => Key {
            code,
            ctrl: false,
            alt: alt || ctrl,
        },
        _ => Key {
            code,
            ctrl: ctrl && !is_cursor,
            alt,
        },
    }
}

fn kitty(codepoint: u32, modifiers: u32) -> Option<Key> {
    let shift = modifiers & 1 != 0;
    let code = match codepoint {
        27 => Code::Esc,
        13 | 57_414 => Code::Enter,
        9 if shift => Code::BackTab,
        9 => Code::Tab,
        8 | 127 => Code::Backspace,
        57_399..=57_408 => Code::Char(char::from_digit(codepoint - 57_399, 10)?),
        57_409 => Code::Char('.'),
        57_410 => Code::Char('/'),
        57_411 => Code::Char('*'),
        57_412 => Code::Char('-'),
        57_413 => Code::Char('+'),
        57_417 => Code::Left,
        57_418 => Code::Right,
        57_419 => Code::Up,
        57_420 => Code::Down,
        57_421 => Code::PageUp,
        57_422 => Code::PageDown,
        57_423 => Code::Home,
        57_424 => Code::End,
        57_425 => Code::Insert,
        57_426 => Code::Delete,
        0xe000..=0xf8ff => return None,
        _ => {
            let character = char::from_u32(codepoint).filter(|found| !found.is_control())?;
            let upper = || character.to_uppercase().next().unwrap_or(character);
            Code::Char(if shift { upper() } else { character })
        }
    };
    Some(with_modifiers(code, modifiers))
}
