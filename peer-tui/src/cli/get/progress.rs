//! The progress bar on standard error, where that is a terminal.

use std::io::{IsTerminal as _, Write as _};

use crate::cli::print::{clock, counted, name, size};
use crate::daemon::sections::results::percent;
use crate::fetch::DownloadStatus;

const BAR_CELLS: usize = 24;

/// Draws one line, over and over; nothing where nobody sees it.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    drawn: String,
}

impl Progress {
    /// A bar that is not drawn yet.
    pub fn new() -> Self {
        Self {
            is_shown: std::io::stderr().is_terminal(),
            drawn: String::new(),
        }
    }

    /// Draws how these downloads stand together.
    pub fn show(&mut self, downloads: &[DownloadStatus]) {
        if !self.is_shown {
            return;
        }
        self.draw(line(downloads));
    }

    /// Draws how many are left.
    pub fn show_left(&mut self, left_count: usize) {
        if self.is_shown {
            self.draw(format!("{} left", counted(left_count as u64, "file")));
        }
    }

    fn draw(&mut self, line: String) {
        if line != self.drawn {
            let _ = write!(std::io::stderr(), "\r\x1b[K{line}");
            self.drawn = line;
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if self.is_shown && !self.drawn.is_empty() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
            self.drawn.clear();
        }
    }
}

fn line(downloads: &[DownloadStatus]) -> String {
    let sum = |figure: fn(&DownloadStatus) -> u64| {
        downloads.iter().map(figure).fold(0, u64::saturating_add)
    };
    let (done, all, rate) = (
        sum(|d| d.done_bytes),
        sum(|d| d.size_bytes),
        sum(|d| d.rate_bytes),
    );
    let what = match downloads {
        [only] => name(&only.name).chars().take(40).collect(),
        several => format!("{} files", several.len()),
    };
    let percent = percent(done, all);
    let filled = usize::from(percent) * BAR_CELLS / 100;
    let bar: String = (0..BAR_CELLS)
        .map(|cell| if cell < filled { '#' } else { '.' })
        .collect();
    let left = match (all - done.min(all)).checked_div(rate) {
        Some(secs) => clock(secs),
        None => "--".to_owned(),
    };
    format!(
        "{what}  [{bar}] {percent:3}% of {}  {}/s  {left}",
        size(all),
        size(rate)
    )
}
