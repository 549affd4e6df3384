//! Names: [`SharePath`] is what the wire may carry, [`SafePath`] is what may be written to a disk.
//!
//! Neither has a constructor that skips the check.

use std::fmt;
use std::path::PathBuf;

use compact_str::CompactString;

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
        let _ = text;
        unimplemented!("helper")
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

/// A relative path that is safe to create below a folder, on any common file system: the only way
/// from a stranger's name to a path on this disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SafePath(PathBuf);

impl SafePath {
    /// Makes any text safe: dangerous characters go, too long parts are cut with their ending
    /// kept, an empty rest becomes `unnamed`. Applying it again changes nothing.
    pub fn from_untrusted(text: &str) -> Self {
        let _ = text;
        unimplemented!("helper")
    }

    /// Only the last part of `text`, made safe.
    pub fn name_from_untrusted(text: &str) -> Self {
        let _ = text;
        unimplemented!("helper")
    }

    /// The path, relative, without `.` or `..` parts.
    pub fn as_path(&self) -> &std::path::Path {
        &self.0
    }

    /// `name (2).ext` for the `number` 2: the same path with the number before the ending.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let _ = number;
        unimplemented!("helper")
    }
}
