//! What help and command palette list, narrowed by what was typed; both come from the key table.

use super::keymap::{Command, Context};
use super::model::Model;

/// A command that the palette offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub command: Command,
    /// Its help.
    pub help: &'static str,
    /// Its keys.
    pub keys: String,
    /// Where it can be run, if that is not where the screen stands.
    pub elsewhere: Option<Elsewhere>,
}

/// A place that a command belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// The place.
    pub context: Context,
    /// Its name behind `in`.
    pub name: &'static str,
}

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    /// A place.
    Title(&'static str),
    /// Keys and what they do.
    Keys(String, &'static str),
}

/// Words that end the screen by a panic, typed in full: a way to see that the terminal survives it.
const PANIC_WORD: &str = "panic";

/// All commands, best match first; among equals those that can be run where the screen stands before
/// the others.
pub fn commands(model: &Model, typed: &str) -> Vec<Entry> {
    let here = context_under(model);
    let mut found: Vec<((usize, bool), Entry)> = Vec::new();
    let bindings = model.keymap.bindings();
    let (of_here, of_others): (Vec<_>, Vec<_>) = bindings
        .iter()
        .partition(|binding| binding.row.context.meets(here));
    for binding in of_here.into_iter().chain(of_others) {
        let row = binding.row;
        if row.context == Context::EMPTY_PROMPT || is_hand_movement(row.command) {
            continue;
        }
        let elsewhere = if row.context.meets(here) {
            None
        } else {
            elsewhere(row.context)
        };
        if found.iter().any(|(_, entry)| entry.command == row.command) {
            continue;
        }
        let words = format!("{} {}", row.help, row.name.replace('_', " "));
        if let Some(rank) = rank(&words, typed) {
            let entry = Entry {
                command: row.command,
                help: row.help,
                keys: binding.keys_text(2, model.look.glyphs),
                elsewhere,
            };
            found.push(((rank, elsewhere.is_some()), entry));
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let mut entries: Vec<Entry> = found.into_iter().map(|(_, entry)| entry).collect();
    if typed == PANIC_WORD {
        entries.insert(
            0,
            Entry {
                command: Command::Panic,
                help: "panic, to see that the terminal is given back",
                keys: String::new(),
                elsewhere: None,
            },
        );
    }
    entries
}

/// The first place, in the order of the help, where a command of `context` can be run.
fn elsewhere(context: Context) -> Option<Elsewhere> {
    let mut places = Context::TITLED.into_iter();
    let (context, title) = places.find(|(place, _)| place.meets(context))?;
    let name = title.trim_start_matches("In ");
    Some(Elsewhere { context, name })
}

/// What only a key can mean: nobody looks it up to run it.
const fn is_hand_movement(command: Command) -> bool {
    matches!(
        command,
        Command::Edit(_)
            | Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::HalfPageUp
            | Command::HalfPageDown
            | Command::MarkDown
            | Command::MarkUp
            | Command::Back
            | Command::Palette
    )
}

/// The list under the prompt counts too: a command of the palette means its rows.
fn context_under(model: &Model) -> Context {
    let context = model.context();
    if context.meets(Context::PROMPT) {
        context.or(Context::RESULTS)
    } else {
        context
    }
}

/// How well letters fit: 0 for the beginning or a whole word, then the beginning of a word, then
/// letters within one, then letters in order.
fn rank(words: &str, typed: &str) -> Option<usize> {
    let words = words.to_lowercase();
    let typed = typed.trim().to_lowercase();
    let is_letter = |c: char| c.is_alphanumeric();
    let at_words = words
        .match_indices(&typed)
        .filter(|(at, _)| !words[..*at].ends_with(is_letter));
    let is_whole = |at: usize| at == 0 || !words[at + typed.len()..].starts_with(is_letter);
    if let Some(rank) = at_words.map(|(at, _)| usize::from(!is_whole(at))).min() {
        return Some(rank);
    }
    if words.contains(&typed) {
        return Some(2);
    }
    let mut rest = words.chars();
    typed
        .chars()
        .filter(|letter| *letter != ' ')
        .all(|letter| rest.any(|found| found == letter))
        .then_some(3)
}

/// The help for where the screen stands: its own places first, then what holds everywhere.
pub fn help_lines(model: &Model, typed: &str) -> Vec<HelpLine> {
    let here = context_under(model);
    let typed = typed.trim().to_lowercase();
    let mut lines = Vec::new();
    let is_general = |context: Context| context == Context::EVERYWHERE || context == Context::LISTS;
    let push =
        |title: &'static str, wanted: &dyn Fn(Context) -> bool, lines: &mut Vec<HelpLine>| {
            let rows = model
                .keymap
                .bindings()
                .iter()
                .filter(|binding| wanted(binding.row.context) && !binding.keys.is_empty());
            let rows: Vec<HelpLine> = rows
                .map(|binding| {
                    HelpLine::Keys(binding.keys_text(3, model.look.glyphs), binding.row.help)
                })
                .filter(|line| match line {
                    HelpLine::Keys(keys, help) => {
                        typed.is_empty()
                            || help.to_lowercase().contains(&typed)
                            || keys.to_lowercase().contains(&typed)
                    }
                    HelpLine::Title(_) => true,
                })
                .collect();
            if !rows.is_empty() {
                lines.push(HelpLine::Title(title));
                lines.extend(rows);
            }
        };
    for (place, title) in Context::TITLED {
        if place.meets(here) {
            let behind_title = lines.len() + 1;
            push(
                title,
                &|context| context.meets(place) && !is_general(context),
                &mut lines,
            );
            if place == Context::PROMPT && typed.is_empty() {
                let letters = HelpLine::Keys("letters".to_owned(), "search as you type");
                lines.insert(behind_title, letters);
            }
        }
    }
    push("Everywhere", &is_general, &mut lines);
    lines
}
