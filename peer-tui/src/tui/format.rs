//! Values to words: sizes, rates, times, names from strangers cut to a width.
//!
//! Every text from outside is cleaned here before it is measured.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::hash::ContentHash;
use protocol::text;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// A stranger's text made safe, and whether something had to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What may be shown.
    pub text: String,
    /// Whether the row is flagged.
    pub is_odd: bool,
}

/// A stranger's text made safe.
pub fn shown(raw: &str) -> Shown {
    let clean = text::clean(raw);
    Shown {
        text: clean.text.into_owned(),
        is_odd: clean.is_odd,
    }
}

/// [`shown`] where nobody looks at the flag.
pub fn clean(raw: &str) -> String {
    text::clean(raw).text.into_owned()
}

/// A path of this disk for people, `~` for the home folder.
pub fn path(path: &Path) -> String {
    let text = clean(&path.to_string_lossy());
    match std::env::var("HOME") {
        Ok(home) if !home.is_empty() && home != "/" => match text.strip_prefix(&home) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => text,
        },
        _ => text,
    }
}

/// Columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `columns`, cut at the end.
pub fn cut_end(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut cut = head(text, columns - 1);
    cut.push('…');
    cut
}

/// `text` in at most `columns`, cut in the middle, so that the ending stays.
pub fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns < 8 {
        return cut_end(text, columns);
    }
    let ending_columns = (columns / 3).clamp(4, 24);
    let mut cut = head(text, columns - 1 - ending_columns);
    cut.push('…');
    cut.push_str(&tail(text, ending_columns));
    cut
}

/// As many of `parts` as fit into `columns` whole, the most important first; the first one is cut
/// where even that is too long.
pub fn fit(parts: &[String], between: &str, columns: usize) -> String {
    let Some((first, others)) = parts.split_first() else {
        return String::new();
    };
    let mut text = cut_end(first, columns);
    for part in others {
        if width(&text) + width(between) + width(part) > columns {
            break;
        }
        text.push_str(between);
        text.push_str(part);
    }
    text
}

/// `text` in lines of at most `columns`, nothing left out; a name has no blanks to break at.
pub fn broken(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let needed = width(grapheme);
        if used + needed > columns && used > 0 {
            lines.push(String::new());
            used = 0;
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push_str(grapheme);
        }
    }
    lines
}

/// `text` in lines of at most `columns`, broken between words; a word that is longer than a line is
/// broken where the line ends.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let last = lines.last_mut();
        match last.filter(|last| width(last) + 1 + width(word) <= columns) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => lines.extend(broken(word, columns)),
        }
    }
    lines
}

fn head(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= columns
        })
        .collect()
}

fn tail(text: &str, columns: usize) -> String {
    let mut used = 0;
    let mut parts: Vec<&str> = text
        .graphemes(true)
        .rev()
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= columns
        })
        .collect();
    parts.reverse();
    parts.concat()
}

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// (value below 1,000 in a unit, position of the unit in [`UNITS`]).
fn scaled(bytes: u64) -> (f64, usize) {
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    (value, unit)
}

/// `755 MiB`, `3.7 GiB`.
pub fn size(bytes: u64) -> String {
    match scaled(bytes) {
        (value, 0) => format!("{value:.0} B"),
        (value, unit) if value < 9.95 => format!("{value:.1} {}", UNITS[unit]),
        (value, unit) => format!("{value:.0} {}", UNITS[unit]),
    }
}

/// `755 MiB  (791,674,880 bytes)`; what [`size`] tells to the byte stands alone.
pub fn exact_size(bytes: u64) -> String {
    match scaled(bytes) {
        (_, 0) => size(bytes),
        _ => format!("{}  ({} bytes)", size(bytes), count(bytes)),
    }
}

/// `12.4 MiB/s`, `900 KiB/s`, `0`.
pub fn rate(bytes_a_second: u64) -> String {
    match scaled(bytes_a_second) {
        (_, 0) if bytes_a_second == 0 => "0".to_owned(),
        (value, 0) => format!("{value:.0} B/s"),
        (value, unit) if value < 99.95 => format!("{value:.1} {}/s", UNITS[unit]),
        (value, unit) => format!("{value:.0} {}/s", UNITS[unit]),
    }
}

/// `12 MiB/s`, `8.2 MiB/s`, `250 KiB/s`: two digits, for rows, where a third never stands still.
pub fn rough_rate(bytes_a_second: u64) -> String {
    match scaled(bytes_a_second) {
        (_, 0) if bytes_a_second == 0 => "0".to_owned(),
        (value, unit) if value >= 99.5 => {
            format!("{:.0} {}/s", (value / 10.0).round() * 10.0, UNITS[unit])
        }
        _ => format!("{}/s", size(bytes_a_second)),
    }
}

/// `12.4M`, for narrow screens.
pub fn rate_short(bytes_a_second: u64) -> String {
    match scaled(bytes_a_second) {
        (value, 0) => format!("{value:.0}"),
        (value, unit) if value < 99.95 => format!("{value:.1}{}", &UNITS[unit][..1]),
        (value, unit) => format!("{value:.0}{}", &UNITS[unit][..1]),
    }
}

/// A limit in words.
pub fn limit(bytes_a_second: Option<u64>) -> String {
    bytes_a_second.map_or_else(|| "none".to_owned(), rate)
}

/// Time that is left at this rate: `0:35`, `5:40`, `1:02:00`, `3 d`, `--` when nothing moves. Never
/// less than it is, and no finer than anybody can foresee: ten seconds from a minute on, a minute
/// from ten minutes on.
pub fn left(remaining_bytes: u64, bytes_a_second: u64) -> String {
    if bytes_a_second == 0 {
        return "--".to_owned();
    }
    let secs = remaining_bytes.div_ceil(bytes_a_second);
    let secs = match secs {
        0..60 => secs,
        60..600 => secs.next_multiple_of(10),
        600..86_400 => secs.next_multiple_of(60),
        _ => secs,
    };
    match secs {
        0..3_600 => format!("{}:{:02}", secs / 60, secs % 60),
        3_600..86_400 => format!("{}:{:02}:{:02}", secs / 3_600, secs / 60 % 60, secs % 60),
        _ => format!("{} d", secs / 86_400),
    }
}

/// Whole percent, 100 only when nothing is left.
pub fn percent(done: u64, total: u64) -> u8 {
    if done >= total {
        return 100;
    }
    u8::try_from(u128::from(done) * 100 / u128::from(total)).unwrap_or(99)
}

/// `12:03`, where the person lives.
pub fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// `12:03:07`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

/// `12:03` on the day of `now`, else `3 Nov`.
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    if at.date() == now.date() {
        at.strftime("%H:%M").to_string()
    } else {
        at.strftime("%-d %b").to_string()
    }
}

/// A reputation of 0 to 100 in five steps; `!` for one that is to be feared.
pub fn trust(reputation: u8) -> &'static str {
    match reputation {
        0..10 => "!",
        10..20 => "*",
        20..40 => "**",
        40..60 => "***",
        60..80 => "****",
        _ => "*****",
    }
}

/// `9f2c…77e1`.
pub fn short_hash(hash: &ContentHash) -> String {
    let text = hash.to_string();
    format!("{}…{}", &text[..4], &text[60..])
}

/// `791,674,880`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `12,040 files`.
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", count(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_read_as_in_the_lists() {
        for (bytes, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 KiB"),
            (96 * 1024, "96 KiB"),
            (791_674_880, "755 MiB"),
            (3_972_844_748, "3.7 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
        assert_eq!(exact_size(1), "1 B");
        assert_eq!(exact_size(96 * 1024), "96 KiB  (98,304 bytes)");
        assert_eq!(rate(13_002_342), "12.4 MiB/s");
        assert_eq!(rough_rate(13_002_342), "12 MiB/s");
        assert_eq!(rough_rate(256 * 1024), "260 KiB/s");
        assert_eq!(rough_rate(8_598_323), "8.2 MiB/s");
        assert_eq!(rate_short(13_002_342), "12.4M");
    }

    #[test]
    fn long_names_keep_their_ending() {
        let cut = cut_middle("debian-13.1.0-amd64-netinst.iso", 20);
        assert_eq!(cut, "debian-13.1.0…st.iso");
        assert_eq!(width(&cut), 20);
        let wide = cut_middle(&"文".repeat(40), 21);
        assert!(width(&wide) <= 21, "{wide}");
        assert_eq!(cut_middle("short.txt", 20), "short.txt");
    }

    #[test]
    fn a_broken_text_is_all_there() {
        let text = "日本語のとても長い名前-2025.pdf";
        let lines = broken(text, 7);
        assert!(lines.iter().all(|line| width(line) <= 7), "{lines:?}");
        assert_eq!(lines.concat(), text);
        assert_eq!(broken("short", 7), ["short"]);
    }

    #[test]
    fn words_stay_whole_where_a_line_holds_them() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a 0123456789 b", 4), ["a", "0123", "4567", "89 b"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn parts_are_there_whole_or_not_at_all() {
        let parts = ["2 active", "1 paused", "1 up"].map(ToOwned::to_owned);
        assert_eq!(fit(&parts, " · ", 80), "2 active · 1 paused · 1 up");
        assert_eq!(fit(&parts, " · ", 25), "2 active · 1 paused");
        assert_eq!(fit(&parts, " · ", 18), "2 active");
        assert_eq!(fit(&parts, " · ", 5), "2 ac…");
        assert_eq!(fit(&[], " · ", 5), "");
    }

    #[test]
    fn percent_is_hundred_only_at_the_end() {
        assert_eq!(percent(999, 1_000), 99);
        assert_eq!(percent(u64::MAX - 1, u64::MAX), 99);
        assert_eq!(percent(0, 0), 100);
    }

    #[test]
    fn left_is_shown_in_the_unit_that_fits() {
        assert_eq!(left(35, 1), "0:35");
        assert_eq!(left(331, 1), "5:40");
        assert_eq!(left(595, 1), "10:00");
        assert_eq!(left(3_723, 1), "1:03:00");
        assert_eq!(left(1_000_000, 1), "11 d");
        assert_eq!(left(5, 0), "--");
    }
}
