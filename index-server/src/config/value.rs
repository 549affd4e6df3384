//! How settings are written: durations, addresses, where the journal is. The same in the file, the
//! environment and flags.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::JournalChoice;

/// Reads `120` (seconds), `90s`, `2m`, `30d`.
///
/// # Errors
/// A sentence that says how a duration is written.
pub fn duration(text: &str) -> Result<Duration, String> {
    let plain = text.parse::<u64>().map(Duration::from_secs).ok();
    plain
        .or_else(|| humantime::parse_duration(text).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a duration as seconds (120) or with units (90s, 2m, 30d)".to_owned())
}

/// Reads `[::]:7070`, `0.0.0.0:7070`.
///
/// # Errors
/// A sentence that says how an address is written.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "write an IP address and a port, such as [::]:7070 (everywhere) or 127.0.0.1:7070 (this \
         machine only); port 0 picks a free one"
            .to_owned()
    })
}

/// Reads `embedded` or `memory`.
///
/// # Errors
/// A sentence that says what there is.
pub fn journal(text: &str) -> Result<JournalChoice, String> {
    match text {
        "embedded" => Ok(JournalChoice::Embedded),
        "memory" => Ok(JournalChoice::Memory),
        _ if text.starts_with("nats://") => Err(
            "this build keeps its journal on the disk only; use embedded (or memory, to keep \
             nothing)"
                .to_owned(),
        ),
        _ => {
            Err("the journal is embedded (in the data folder) or memory (kept nowhere)".to_owned())
        }
    }
}

/// Reads a name that may stand in `Host`, without a port.
///
/// # Errors
/// A sentence that says what a host name is.
pub fn host(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let is_name = text.len() <= 253 && text.trim_end_matches('.').split('.').all(is_label);
    is_name
        .then(|| text.trim_end_matches('.').to_lowercase())
        .ok_or_else(|| {
            "write a host name without scheme and port, such as files.example".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        assert_eq!(duration("120"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("30d"), Ok(Duration::from_hours(30 * 24)));
        for bad in ["", "0", "-1", "soon", "1.5"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(listen("0.0.0.0:7070").is_ok() && listen("[::1]:0").is_ok());
        for bad in ["7070", "localhost:7070", "::7070x", "1.2.3.4"] {
            assert!(listen(bad).is_err(), "{bad}");
        }
        assert_eq!(journal("memory"), Ok(JournalChoice::Memory));
        assert!(journal("nats://a:4222").unwrap_err().contains("this build"));
        assert_eq!(host("Files.Example."), Ok("files.example".to_owned()));
        for bad in ["", "http://a", "a:80", "a..b", "a b"] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }
}
