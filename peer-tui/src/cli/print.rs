//! Text for people: sizes, and names made safe. All that the commands print goes through
//! here, and is safe for a terminal whoever's words are in it. A reader that goes away (`| head`) is
//! no error.

use std::io::{IsTerminal as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use protocol::json::escaped;
use protocol::text::{clean, lines, one_line};
use serde::Serialize;

/// Prints what the program itself has written (a manual, a script, JSON), as it is.
pub fn document(text: impl AsRef<[u8]>) {
    // A closed pipe means that nobody reads on.
    let _ = std::io::stdout().lock().write_all(text.as_ref());
}

/// Prints lines.
pub fn text(text: &str) {
    document(lines(text).as_bytes());
}

/// Tells something beside the results: a line on standard error.
pub fn note(words: &str) {
    let line = format!("{}\n", one_line(words));
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Tells something on a line of its own, in the place of a progress bar; without words it only takes
/// that away.
pub fn own_line(words: &str) {
    if std::io::stderr().is_terminal() {
        let _ = std::io::stderr().lock().write_all(b"\r\x1b[K");
    }
    if !words.is_empty() {
        note(words);
    }
}

/// The place of a file on this disk: to a person as is safe, to a program byte by byte.
pub fn path(path: &Path) {
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        drop(out);
        return line(&path.to_string_lossy());
    }
    let _ = out.write_all(path.as_os_str().as_bytes());
    let _ = out.write_all(b"\n");
}

/// Prints one line.
pub fn line(line: &str) {
    document(format!("{}\n", one_line(line)));
}

/// Prints one JSON document on a line of its own.
pub fn json(value: &impl Serialize) {
    match serde_json::to_vec(value).map(escaped) {
        Ok(mut json) => {
            json.push(b'\n');
            document(&json);
        }
        Err(error) => note(&format!("peer-tui: cannot print this as JSON: {error}")),
    }
}

/// A stranger's words, safe to print.
pub fn name(text: &str) -> String {
    clean(text).text.into_owned()
}

/// `755 MiB`, `3.7 GiB`, `12 B`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value >= 9.95 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

/// `1 file`, `12 files`.
pub fn counted(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// `0:35`, `1:02:03`.
pub fn clock(secs: u64) -> String {
    let (hours, minutes, secs) = (secs / 3600, secs / 60 % 60, secs % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{secs:02}")
    } else {
        format!("{minutes}:{secs:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1.0 KiB");
        assert_eq!(size(791_674_880), "755 MiB");
        assert_eq!(size(3_900_000_000), "3.6 GiB");
        assert_eq!(size(u64::MAX), "16 EiB");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(clock(35), "0:35");
        assert_eq!(clock(3723), "1:02:03");
    }
}
