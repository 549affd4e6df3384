//! Rules about one file by itself: its opening, length, name and sleeps.

use crate::source::Source;

const LINES_MAX: usize = 400;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = [
    "common", "helper", "helpers", "misc", "mod", "util", "utils",
];

/// A file opens with `//!`.
pub fn opening(source: &Source) -> Vec<String> {
    if source.text.starts_with("//!") {
        return Vec::new();
    }
    vec![source.violation(
        1,
        "does not open with `//!`: say what the file is for and what it must not know",
    )]
}

/// A file is short enough to be read in one go.
pub fn length(source: &Source) -> Vec<String> {
    let count = source.text.lines().count();
    if count <= LINES_MAX {
        return Vec::new();
    }
    let what =
        format!("{count} lines, at most {LINES_MAX}: split it by noun, `x/part.rs` beside `x.rs`");
    vec![source.violation(LINES_MAX + 1, &what)]
}

/// Files, folders and inline modules carry the noun of what is inside.
pub fn module_names(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let bad = |name: &str| EMPTY_NAMES.contains(&name);
    for part in source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"))
    {
        if bad(part) {
            let what =
                format!("`{part}` names nothing: name it by the noun inside, `x.rs` beside `x/`");
            found.push(source.violation(1, &what));
        }
    }
    for (number, line) in source.code_lines() {
        let mut words = line
            .split_whitespace()
            .skip_while(|word| word.starts_with("pub"));
        if words.next() == Some("mod")
            && let Some(name) = words.next().map(|name| name.trim_end_matches(['{', ';']))
            && bad(name)
        {
            let what = format!("module `{name}` names nothing: name it by the noun inside");
            found.push(source.violation(number, &what));
        }
    }
    found
}

/// Tests wait on conditions.
pub fn sleeps(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let is_allowed = |number: usize| {
        let near = lines.iter().take(number).skip(number.saturating_sub(2));
        near.into_iter()
            .any(|line| line.contains("// house: allow sleep"))
    };
    source
        .paths()
        .into_iter()
        .filter(|path| path.text.ends_with("thread::sleep") || path.text.ends_with("time::sleep"))
        .filter(|path| source.is_test_line(path.line) && !is_allowed(path.line))
        .map(|path| {
            source.violation(
                path.line,
                "a test sleeps: wait on a condition with a deadline, pause the clock, or say why \
                 neither can be with `// house: allow sleep, REASON` on the line before",
            )
        })
        .collect()
}
