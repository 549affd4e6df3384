//! A mistyped command with words behind it: clap takes it for an INDEX and complains of the words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::trouble::Trouble;
use crate::config::value;

/// What to say in place of `error`, where the word before the one that it refuses is neither a
/// command nor an index.
pub fn mistyped(error: &clap::Error) -> Option<Trouble> {
    let line = std::env::args_os().skip(1);
    let line: Vec<String> = line
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let Some(ContextValue::String(refused)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let at = line.iter().position(|word| word == refused)?;
    let before = line.get(at.checked_sub(1)?)?;
    if error.kind() != ErrorKind::UnknownArgument || before.starts_with('-') {
        return None;
    }
    let remedy = value::index(before).err()?;
    Some(Trouble::usage(format!("INDEX is `{before}`: {remedy}")))
}
