//! Names: [`SharePath`] is what the wire may carry, [`SafePath`] is what may be written to a disk.
//!
//! Neither has a constructor that skips the check. Knows texts, not folders: whether a path exists
//! or leads out of a share is asked where files are opened.

mod safe;

pub use safe::SafePath;

use std::fmt;

use compact_str::CompactString;

use crate::limits::{FILE_NAME_MAX_BYTES, SHARE_PATH_MAX_BYTES, SHARE_PATH_MAX_DEPTH};

/// Why a text is not a share path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PathError {
    #[error("a path may not be empty")]
    Empty,
    #[error("a path may not start with a slash: give it relative to the share folder")]
    Absolute,
    #[error("a path may not have empty, `.` or `..` parts")]
    Dots,
    #[error("a path may not hold a NUL character")]
    Nul,
    #[error("a path may have at most 4096 bytes and 64 folders, a name at most 1024 bytes")]
    TooLong,
    #[error("a file name may not hold a slash")]
    Slash,
}

/// A relative path below a share folder, `/` between parts, file name included. May hold control
/// and bidi characters (they are somebody's real names): clean it before showing it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SharePath(CompactString);

impl SharePath {
    /// Checks `text`.
    ///
    /// # Errors
    /// Says which rule it breaks.
    pub fn new(text: &str) -> Result<Self, PathError> {
        Self::check(text)?;
        Ok(Self(CompactString::from(text)))
    }

    fn check(text: &str) -> Result<(), PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.len() > SHARE_PATH_MAX_BYTES {
            return Err(PathError::TooLong);
        }
        if text.starts_with('/') {
            return Err(PathError::Absolute);
        }
        let mut folder_count = 0;
        for part in text.split('/') {
            check_part(part)?;
            folder_count += 1;
        }
        if folder_count - 1 > SHARE_PATH_MAX_DEPTH {
            return Err(PathError::TooLong);
        }
        Ok(())
    }

    /// Checks a file name: a path without folders.
    ///
    /// # Errors
    /// [`PathError::Slash`] when it has folders, else as [`SharePath::new`].
    pub fn from_name(text: &str) -> Result<Self, PathError> {
        Self::check_name(text)?;
        Ok(Self(CompactString::from(text)))
    }

    /// Whether a text may be a file name.
    ///
    /// # Errors
    /// As [`SharePath::from_name`].
    pub fn check_name(text: &str) -> Result<(), PathError> {
        if text.contains('/') {
            return Err(PathError::Slash);
        }
        Self::check(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last slash.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What stands before the last slash, empty at the top.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

impl From<SharePath> for CompactString {
    fn from(path: SharePath) -> Self {
        path.0
    }
}

impl fmt::Display for SharePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SharePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharePath({:?})", self.0)
    }
}

/// Splits a file name into what it is called and its ending with the dot (`.iso`, `.tar.gz`); the
/// ending is empty where there is none.
///
/// A leading dot starts no ending, nor does one before more than 16 bytes or before a space.
pub fn split_ending(name: &str) -> (&str, &str) {
    const ENDING_MAX_BYTES: usize = 16;
    let is_ending = |ending: &str| {
        (1..=ENDING_MAX_BYTES).contains(&ending.len()) && !ending.contains(char::is_whitespace)
    };
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return (name, "");
    };
    if stem.is_empty() || !is_ending(ending) {
        return (name, "");
    }
    let stem = match stem.rsplit_once('.') {
        Some((before, tar)) if !before.is_empty() && tar.eq_ignore_ascii_case("tar") => before,
        _ => stem,
    };
    name.split_at(stem.len())
}

fn check_part(part: &str) -> Result<(), PathError> {
    match part {
        "" | "." | ".." => Err(PathError::Dots),
        _ if part.contains('\0') => Err(PathError::Nul),
        _ if part.len() > FILE_NAME_MAX_BYTES => Err(PathError::TooLong),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(&str, &str), PathError>) {
        let path = SharePath::new(text);
        let actual = path.as_ref().map(|path| (path.folder(), path.file_name()));
        assert_eq!(actual.map_err(|error| *error), expected, "{text:?}");
    }

    #[test]
    fn a_path_is_relative_and_plain() {
        check("a.txt", Ok(("", "a.txt")));
        check("iso/debian/a b.iso", Ok(("iso/debian", "a b.iso")));
        check("odd\u{202e}\n/\\..\\x", Ok(("odd\u{202e}\n", "\\..\\x")));
        check("...", Ok(("", "...")));
        check("", Err(PathError::Empty));
        check("/etc/passwd", Err(PathError::Absolute));
        check("//host/share", Err(PathError::Absolute));
        for text in ["..", ".", "../x", "a/../b", "a/./b", "a//b", "a/"] {
            check(text, Err(PathError::Dots));
        }
        check("a\0b", Err(PathError::Nul));
    }

    #[test]
    fn a_path_is_bounded() {
        let name = "n".repeat(FILE_NAME_MAX_BYTES);
        check(&name, Ok(("", &name)));
        check(&format!("{name}n"), Err(PathError::TooLong));
        check(&"a".repeat(1 << 20), Err(PathError::TooLong));
        let deep = "d/".repeat(SHARE_PATH_MAX_DEPTH);
        assert!(SharePath::new(&format!("{deep}x")).is_ok());
        check(&format!("{deep}d/x"), Err(PathError::TooLong));
        let long = format!("{}x", format!("{}/", "d".repeat(1023)).repeat(4));
        check(&long, Err(PathError::TooLong));
    }

    #[test]
    fn a_file_name_has_no_folder() {
        assert_eq!(SharePath::from_name("a/b"), Err(PathError::Slash));
        assert_eq!(SharePath::from_name("b"), SharePath::new("b"));
    }

    #[test]
    fn endings_are_told_from_dots_in_names() {
        for (name, ending) in [
            ("a.iso", ".iso"),
            ("a.tar.gz", ".tar.gz"),
            ("a.b.TAR.zst", ".TAR.zst"),
            ("tar.gz", ".gz"),
            (".bashrc", ""),
            (".tar.gz", ".gz"),
            ("plain", ""),
            ("dot.", ""),
            ("Mr. Smith", ""),
            ("v1.2 final", ""),
            ("a.this-is-no-ending-at-all", ""),
            ("\u{e9}.\u{e9}", ".\u{e9}"),
        ] {
            assert_eq!(split_ending(name).1, ending, "{name:?}");
        }
    }
}
