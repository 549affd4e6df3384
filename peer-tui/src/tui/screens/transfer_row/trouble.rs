//! Why a download does not go on and which keys help, in as many columns as there are: what to do
//! is the last thing to be cut.

use crate::daemon::state::{DownloadState, DownloadStatus};
use crate::tui::format;
use crate::tui::keymap::Command;
use crate::tui::model::Model;

/// Columns of a name that stands in front.
const NAME_COLUMNS: usize = 24;

/// A key that helps: what it does, and the same in few letters.
type Help = (Command, &'static str, &'static str);

const RETRY: Help = (Command::Retry, "retry", "retry");
const MORE: Help = (Command::MoreSources, "find more sources", "more");
const REMOVE: Help = (Command::Remove, "remove", "remove");
const UNDO: Help = (Command::Undo, "undo", "undo");

/// The words in `room` columns, the name of the download first where it has room; `None` when it
/// goes on.
pub fn trouble(
    status: &DownloadStatus,
    is_named: bool,
    room: usize,
    model: &Model,
) -> Option<String> {
    let (reason, helps): (&str, &[Help]) = match &status.state {
        DownloadState::NoSource { reason } => (reason, &[RETRY, MORE, REMOVE]),
        // Which disk stands in the details.
        DownloadState::DiskFull { reason } => (before(reason, " ("), &[RETRY, REMOVE]),
        DownloadState::Failed { reason } => (reason, &[RETRY, REMOVE]),
        DownloadState::Cancelled { .. } => ("cancelled", &[UNDO]),
        _ => return None,
    };
    let reason = format::clean(reason);
    let name = format::cut_middle(&format::clean(&status.name), NAME_COLUMNS);
    let name = if is_named {
        format!("{name}: ")
    } else {
        String::new()
    };
    let [keys, few] = [
        keys(model, helps, |help| help.1),
        keys(model, helps, |help| help.2),
    ];
    let short = before(&reason, ", ");
    let ways = [
        (name.as_str(), reason.as_str(), &keys),
        (&name, short, &keys),
        (&name, &reason, &few),
        (&name, short, &few),
        ("", &reason, &keys),
        ("", &reason, &few),
    ];
    let ways = ways.map(|(name, reason, keys)| format!("{name}{reason}{keys}"));
    let mut ways = ways.into_iter();
    let fits = ways.find(|words| format::width(words) <= room);
    Some(fits.unwrap_or_else(|| {
        let left = room.saturating_sub(format::width(&few));
        format!("{}{few}", format::cut_end(&reason, left))
    }))
}

fn keys(model: &Model, helps: &[Help], words: impl Fn(&Help) -> &'static str) -> String {
    let keys = helps.iter();
    let keys: Vec<String> = keys
        .filter_map(|help| model.hint(help.0, words(help)))
        .collect();
    if keys.is_empty() {
        String::new()
    } else {
        format!(" — {}", keys.join(" · "))
    }
}

fn before<'t>(text: &'t str, sign: &str) -> &'t str {
    text.split_once(sign).map_or(text, |parts| parts.0)
}

#[cfg(test)]
mod tests {
    use super::super::sign_and_rate;
    use super::*;
    use crate::daemon::state::TransferRow;
    use crate::tui::kit::{TestApp, sample};

    const FULL: &str = "disk full: free 8.9 MiB more, then it goes on by itself (the disk of /srv; what came so far is kept)";

    fn stuck(state: DownloadState) -> DownloadStatus {
        let rows = sample::transfers();
        let Some(TransferRow::Down(status)) = rows.into_iter().next() else {
            panic!("a download comes first");
        };
        DownloadStatus {
            name: "movie-part-00.mkv".to_owned(),
            state,
            ..status
        }
    }

    fn app() -> TestApp {
        let mut app = TestApp::filled(80, 24);
        app.keys("Alt+2");
        app.feed();
        app
    }

    #[test]
    fn a_full_disk_is_not_called_a_missing_source() {
        let reason = FULL.to_owned();
        let status = stuck(DownloadState::DiskFull { reason });
        let (_, (word, _)) = sign_and_rate(&status);
        assert_eq!(word, "disk full");
        let words = trouble(&status, false, 200, &app().model).expect("a reason");
        assert!(words.contains("then it goes on by itself —"), "{words}");
        assert!(!words.contains("sources"), "{words}");
    }

    #[test]
    fn the_keys_that_help_are_the_last_to_go() {
        let app = app();
        let reason = FULL.to_owned();
        let full = stuck(DownloadState::DiskFull { reason });
        let reason = "last source lena-laptop went offline 11:40".to_owned();
        let alone = stuck(DownloadState::NoSource { reason });
        for (status, room, expected) in [
            (
                &full,
                74,
                "movie-part-00.mkv: disk full: free 8.9 MiB more — r retry · x remove",
            ),
            (
                &full,
                50,
                "disk full: free 8.9 MiB more, … — r retry · x remove",
            ),
            (
                &alone,
                74,
                "last source lena-laptop went offline 11:40 — r retry · m more · x remove",
            ),
            (&alone, 36, "last … — r retry · m more · x remove"),
        ] {
            let words = trouble(status, true, room, &app.model).expect("a reason");
            assert!(format::width(&words) <= room, "{words}");
            if room != 50 {
                assert_eq!(words, expected);
            }
            assert!(words.ends_with("x remove"), "{words}");
        }
    }
}
