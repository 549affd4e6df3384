//! The Rust files of the workspace, and the paths that their code names.
//!
//! No parser: comments and texts are blanked out, `use` trees are spread, `super` is resolved by
//! the place of the file. Good enough for rules whose violations people make by accident.

use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file.
pub struct Source {
    /// From the top of the workspace, `/` between parts.
    pub path: String,
    /// All of it.
    pub text: String,
    /// The same with comments and the insides of texts blanked, line by line.
    code: String,
    /// The first line of test code, counted from 1.
    tests_from: usize,
}

/// A path that code names, `::` between parts, from the crate or a foreign crate on.
pub struct NamedPath {
    /// Such as `crate::serve::slots`.
    pub text: String,
    /// Counted from 1.
    pub line: usize,
}

/// All Rust files of the members.
pub fn workspace() -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = Vec::new();
    for member in ["assets", "index-server", "peer-tui", "protocol"] {
        for file in rust_files(&top.join(member)) {
            let text = fs::read_to_string(&file)
                .unwrap_or_else(|error| panic!("read {}: {error}", file.display()));
            let path = file.strip_prefix(&top).unwrap_or(&file);
            sources.push(Source::new(
                &path.to_string_lossy().replace('\\', "/"),
                &text,
            ));
        }
    }
    sources
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("list {}: {error}", folder.display()));
    let mut files = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let is_hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !is_hidden && !path.ends_with("target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

impl Source {
    /// A file at `path` with this text.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let is_test =
            path.contains("/tests/") || path.ends_with("tests.rs") || path.ends_with("kit.rs");
        let marker = code
            .lines()
            .position(|line| line.trim_start().starts_with("#[cfg(test)]"));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tests_from: if is_test {
                1
            } else {
                marker.map_or(usize::MAX, |line| line + 1)
            },
            code,
        }
    }

    /// `path:line: what`, as compilers write it.
    pub fn violation(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// Lines without comments and texts, counted from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    /// Whether the line is test code: of a test file, or behind `#[cfg(test)]`.
    pub fn is_test_line(&self, line: usize) -> bool {
        line >= self.tests_from
    }

    /// Every path that the code names, `use` trees spread.
    pub fn paths(&self) -> Vec<NamedPath> {
        let mut paths = Vec::new();
        let mut rest = self.code.as_str();
        let (mut line, mut counted) = (1, 0);
        while let Some(start) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
            let at = self.code.len() - rest.len() + start;
            rest = &rest[start..];
            line += self.code[counted..at].matches('\n').count();
            counted = at;
            let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
            rest = &rest[word.len()..];
            if word == "use" && rest.starts_with(char::is_whitespace) {
                let (tree, after) = rest.split_once(';').unwrap_or((rest, ""));
                let mut leaves = Vec::new();
                spread("", tree, &mut leaves);
                paths.extend(leaves.into_iter().map(|leaf| self.named(&leaf, line)));
                rest = after;
                continue;
            }
            let mut path = word.to_owned();
            while let Some(next) = rest.strip_prefix("::") {
                let part = &next[..next.find(|c| !is_word(c)).unwrap_or(next.len())];
                if part.is_empty() {
                    break;
                }
                path = format!("{path}::{part}");
                rest = &next[part.len()..];
            }
            if path.contains("::") {
                paths.push(self.named(&path, line));
            }
        }
        paths
    }

    /// The path from the crate on, `self` and `super` resolved by the place of the file.
    fn named(&self, path: &str, line: usize) -> NamedPath {
        let inside = self
            .path
            .split_once("/src/")
            .map_or("", |(_, inside)| inside);
        let module = inside.trim_end_matches(".rs");
        let mut parts: Vec<&str> = module.split('/').filter(|part| !part.is_empty()).collect();
        if matches!(parts.as_slice(), ["lib" | "main"]) {
            parts.clear();
        }
        let mut rest = path;
        let mut is_relative = false;
        loop {
            if let Some(after) = rest.strip_prefix("super::") {
                parts.pop();
                (rest, is_relative) = (after, true);
            } else if let Some(after) = rest.strip_prefix("self::") {
                (rest, is_relative) = (after, true);
            } else {
                break;
            }
        }
        let text = if is_relative {
            parts.insert(0, "crate");
            format!("{}::{rest}", parts.join("::"))
        } else {
            rest.to_owned()
        };
        NamedPath { text, line }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The leaves of a `use` tree: `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn spread(prefix: &str, tree: &str, leaves: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, inside)) = tree.split_once('{') else {
        let path = tree
            .split_whitespace()
            .next()
            .unwrap_or("")
            .trim_end_matches("::*");
        if !path.is_empty() {
            leaves.push(
                format!("{prefix}{path}")
                    .trim_end_matches("::self")
                    .to_owned(),
            );
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let (mut depth, mut start) = (0_usize, 0);
    for (at, character) in inside.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                spread(&prefix, &inside[start..at], leaves);
                start = at + 1;
            }
            _ => {}
        }
    }
    spread(&prefix, &inside[start..], leaves);
}

/// The text with comments and the insides of string literals blanked, lines kept.
fn blank(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['/', '"', '\'']) {
        code.push_str(&rest[..start]);
        let (found, length) = match &rest[start..] {
            comment if comment.starts_with("//") => {
                ("", comment.find('\n').unwrap_or(comment.len()))
            }
            quote if quote.starts_with("'\"'") => ("''", 3),
            quote if quote.starts_with("'\\\"'") => ("''", 4),
            literal if literal.starts_with('"') => ("\"\"", literal_length(&code, literal)),
            other => (&other[..1], 1),
        };
        code.push_str(found);
        let gone = &rest[start..start + length];
        code.extend(gone.matches('\n'));
        rest = &rest[start + length..];
    }
    code.push_str(rest);
    code
}

/// How long the literal is that starts with this quote; what stands before tells whether it is raw.
fn literal_length(before: &str, literal: &str) -> usize {
    let bare = before.trim_end_matches('#');
    if bare.ends_with('r') {
        let end = format!("\"{}", "#".repeat(before.len() - bare.len()));
        let inside = literal[1..].find(&end);
        return inside.map_or(literal.len(), |at| 1 + at + end.len());
    }
    let mut is_escaped = false;
    for (at, byte) in literal.bytes().enumerate().skip(1) {
        if byte == b'"' && !is_escaped {
            return at + 1;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    literal.len()
}
