//! What kind of thing a file is, told from its ending when nobody said so.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The eight kinds that the network sorts files into.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum Category {
    Audio,
    Video,
    Image,
    Document,
    Archive,
    Program,
    Dataset,
    #[default]
    Other,
}

/// A word that is none of the eight categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a category is one of audio video image document archive program dataset other")]
pub struct UnknownCategory;

impl Category {
    /// All categories, in the order in which they are listed to people.
    pub const ALL: [Self; 8] = [
        Self::Audio,
        Self::Video,
        Self::Image,
        Self::Document,
        Self::Archive,
        Self::Program,
        Self::Dataset,
        Self::Other,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Document => "document",
            Self::Archive => "archive",
            Self::Program => "program",
            Self::Dataset => "dataset",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(text: &str) -> Result<Self, UnknownCategory> {
        Self::ALL
            .into_iter()
            .find(|category| category.as_str() == text)
            .ok_or(UnknownCategory)
    }
}
