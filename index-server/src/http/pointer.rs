//! From a position in a JSON text to the JSON pointer (RFC 6901) of the value that stands there:
//! what a refusal shows as the bad field.

/// One step down.
enum Step {
    Key(String),
    Item(usize),
}

/// The pointer of the value at which reading `bytes` failed; `None` at the top.
pub fn pointer_at(bytes: &[u8], error: &serde_json::Error) -> Option<String> {
    let end = end_offset(bytes, error)?;
    if let Some(field) = missing_field(&error.to_string()) {
        let parent = walk(bytes, end, Depth::Parent);
        return Some(format!("{parent}/{}", escape(&field)));
    }
    Some(walk(bytes, end, Depth::Value)).filter(|pointer| !pointer.is_empty())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Value,
    Parent,
}

fn missing_field(message: &str) -> Option<String> {
    let rest = message.strip_prefix("missing field `")?;
    Some(rest.split('`').next()?.to_owned())
}

/// Bytes before the position that the error names.
fn end_offset(bytes: &[u8], error: &serde_json::Error) -> Option<usize> {
    let line_start = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().checked_sub(1)?)
        .map(<[u8]>::len)
        .sum::<usize>();
    Some((line_start + error.column()).min(bytes.len()))
}

/// Walks well-formed JSON up to `end` and tells where that is.
fn walk(bytes: &[u8], end: usize, depth: Depth) -> String {
    let mut steps: Vec<Step> = Vec::new();
    let mut objects: Vec<bool> = Vec::new();
    let mut expects_key = false;
    let mut at = 0;
    while at < end {
        match bytes[at] {
            b'{' => {
                objects.push(true);
                steps.push(Step::Key(String::new()));
                expects_key = true;
            }
            b'[' => {
                objects.push(false);
                steps.push(Step::Item(0));
            }
            b'}' | b']' if at + 1 == end && depth == Depth::Parent => {
                steps.pop();
                break;
            }
            b'}' | b']' => {
                objects.pop();
                steps.pop();
                expects_key = false;
            }
            b',' => match steps.last_mut() {
                Some(Step::Item(index)) => *index += 1,
                _ => expects_key = objects.last() == Some(&true),
            },
            b'"' => {
                let close = string_end(bytes, at);
                if expects_key {
                    let key = serde_json::from_slice(&bytes[at..close]).unwrap_or_default();
                    if let Some(last) = steps.last_mut() {
                        *last = Step::Key(key);
                    }
                    expects_key = false;
                }
                at = close;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    steps
        .iter()
        .fold(String::new(), |pointer, step| match step {
            Step::Key(key) if key.is_empty() => pointer,
            Step::Key(key) => format!("{pointer}/{}", escape(key)),
            Step::Item(index) => format!("{pointer}/{index}"),
        })
}

/// The position after the closing quote of the string that starts at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut escaped = false;
    for (index, byte) in bytes.iter().enumerate().skip(at + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
