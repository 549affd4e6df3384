//! The log that people see: the last lines, kept in memory as a tracing layer, and the file that a
//! daemon in the background writes.
//!
//! Knows nothing of who asks for it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use protocol::text::one_line;
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::field::MakeExt as _;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;
use tracing_subscriber::layer::{Context, Layer};

use super::state::LogRow;

/// Lines held in memory: a day of a quiet peer; cleaning cuts each at 1,024 characters.
pub const LINES_MAX_COUNT: usize = 2_000;
/// Size at which the file starts anew; the one before it is kept as `daemon.log.1`.
pub const FILE_MAX_BYTES: u64 = 1024 * 1024;

/// The last lines, and a number that grows with each; cheap to clone.
#[derive(Debug, Clone)]
pub struct LogRing {
    lines: Arc<Mutex<VecDeque<LogRow>>>,
    count: watch::Sender<u64>,
}

impl Default for LogRing {
    fn default() -> Self {
        Self {
            lines: Arc::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl LogRing {
    /// Adds a line; the oldest one goes when the ring is full. `text` is cleaned here.
    pub fn push(&self, at: Timestamp, level: &str, text: &str) {
        let text = protocol::text::clean(text).text.into_owned();
        let mut lines = self.lock();
        let number = lines.back().map_or(1, |line| line.number + 1);
        if lines.len() == LINES_MAX_COUNT {
            lines.pop_front();
        }
        lines.push_back(LogRow {
            number,
            at,
            level: level.to_owned(),
            text,
        });
        drop(lines);
        self.count.send_replace(number);
    }

    /// What `read` makes of all lines, oldest first.
    pub fn read<T>(&self, read: impl FnOnce(&VecDeque<LogRow>) -> T) -> T {
        read(&self.lock())
    }

    /// Changes with each line.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<LogRow>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands what the program says to a ring, and to a file where there is one.
#[derive(Debug)]
pub struct LogLayer {
    ring: LogRing,
    file: Option<Mutex<LogFile>>,
}

impl LogLayer {
    /// A layer that fills `ring`, and `file` too.
    pub fn new(ring: LogRing, file: Option<LogFile>) -> Self {
        Self {
            ring,
            file: file.map(Mutex::new),
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if !is_for_people(metadata.target(), *metadata.level()) {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let text = line.in_words();
        let level = match *metadata.level() {
            Level::ERROR => "error",
            Level::WARN => "warn",
            _ => "info",
        };
        let at = Timestamp::now();
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_line(at, level, &text);
        }
        self.ring.push(at, level, &text);
    }
}

/// How the fields of a log line for people are written: in one line that drives no terminal, whoever's
/// words are in it.
pub fn safe_fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    debug_fn(|out, field, value| {
        let value = format!("{value:?}");
        let value = one_line(&value);
        match field.name() {
            "message" => write!(out, "{value}"),
            // Where a library logged it by other means than ours: of no use to a reader.
            name if name.starts_with("log.") => Ok(()),
            name if out.has_ansi_escapes() => {
                write!(out, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m{value}")
            }
            name => write!(out, "{name}={value}"),
        }
    })
    .delimited(" ")
}

/// Our own programs from `info` on; libraries only when something is wrong.
fn is_for_people(target: &str, level: Level) -> bool {
    if target.starts_with("peer_tui") {
        level <= Level::INFO
    } else if target.starts_with("index_server") {
        level <= Level::WARN
    } else {
        level <= Level::ERROR
    }
}

/// What was said, about which things, and why.
#[derive(Default)]
struct Line {
    message: String,
    others: String,
    places: String,
    reasons: String,
    name: String,
}

impl Line {
    /// As a person would say it: `look at a share folder: /srv/films: not there`. The name of a
    /// transfer comes last: whoever opens the line is led to that.
    fn in_words(self) -> String {
        self.message + &self.others + &self.places + &self.reasons + &self.name
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "error" | "reason" | "trouble" => write!(self.reasons, ": {value:?}"),
            "file" | "folder" | "path" => write!(self.places, ": {value:?}"),
            "name" => write!(self.name, ": {value:?}"),
            name => write!(self.others, " ({name} {value:?})"),
        };
    }
}

/// A log file that never grows past twice [`FILE_MAX_BYTES`], its predecessor included.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl LogFile {
    /// Opens `path` to append to it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes,
        })
    }

    /// Writes a line. A disk that is full costs log lines and nothing else.
    pub fn write_line(&mut self, at: Timestamp, level: &str, text: &str) {
        if self.bytes > FILE_MAX_BYTES {
            let kept = self.path.with_extension("log.1");
            if fs::rename(&self.path, kept).is_ok()
                && let Ok(fresh) = Self::open(&self.path)
            {
                *self = fresh;
            }
        }
        let text = protocol::text::clean(text).text;
        let line = format!("{at:.3} {level:5} {text}\n");
        if self.file.write_all(line.as_bytes()).is_ok() {
            self.bytes += line.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn lines_are_clean_numbered_and_bounded() {
        let ring = LogRing::default();
        let subscriber = tracing_subscriber::registry().with(LogLayer::new(ring.clone(), None));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "peer_tui::x", file = "a\u{1b}[2Jb", "shared");
            tracing::debug!(target: "peer_tui::x", "not for people");
            tracing::info!(target: "hyper", "not ours");
            for _ in 0..LINES_MAX_COUNT {
                tracing::warn!(target: "peer_tui::x", "again");
            }
        });
        let (count, first, last) =
            ring.read(|lines| (lines.len(), lines[0].clone(), lines.back().cloned()));
        assert_eq!((count, first.number), (LINES_MAX_COUNT, 2));
        assert_eq!(last.map(|line| line.level), Some("warn".to_owned()));
        assert_eq!(*ring.watch().borrow(), 2001);

        ring.push(Timestamp::UNIX_EPOCH, "info", "\u{1b}]0;x\u{7}");
        let text = ring.read(|lines| lines.back().map(|line| line.text.clone()));
        assert!(text.is_some_and(|text| !text.contains('\u{1b}')));
    }

    #[test]
    fn fields_of_a_line_are_told_in_words() {
        let ring = LogRing::default();
        let subscriber = tracing_subscriber::registry().with(LogLayer::new(ring.clone(), None));
        tracing::subscriber::with_default(subscriber, || {
            let (folder, trouble) = ("/srv/films", "not there");
            tracing::warn!(target: "peer_tui::x", %folder, trouble, "look at a share folder");
            tracing::warn!(target: "peer_tui::x", count = 3, "more files");
        });
        let texts = ring.read(|lines| {
            lines
                .iter()
                .map(|line| line.text.clone())
                .collect::<Vec<_>>()
        });
        let expected = [
            "look at a share folder: /srv/films: not there",
            "more files (count 3)",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_stranger_forges_no_line_and_drives_no_terminal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("printed");
        for is_coloured in [false, true] {
            let lines = tracing_subscriber::fmt()
                .with_writer(Mutex::new(File::create(&path).unwrap()))
                .fmt_fields(safe_fields())
                .with_ansi(is_coloured)
                .finish();
            tracing::subscriber::with_default(lines, || {
                let words = "no\n2026 ERROR forged\x1b]0;x\x07\u{9b}2J\u{202e}";
                let span = tracing::info_span!("call", by = %words);
                let _inside = span.enter();
                tracing::warn!(error = %words, count = 3, "{words}");
            });
            let printed = fs::read_to_string(&path).unwrap();
            assert_eq!(printed.lines().count(), 1, "{printed}");
            let shown = "no<LF>2026 ERROR forged<ESC>]0;x<BEL><U+009B>2J<U+202E>";
            assert_eq!(printed.matches(shown).count(), 3, "{printed}");
            assert!(
                !printed.contains(['\x07', '\u{9b}', '\u{202e}']),
                "{printed}"
            );
            assert_eq!(printed.contains('\x1b'), is_coloured, "{printed:?}");
        }
    }

    #[test]
    fn the_file_starts_anew_when_it_is_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daemon.log");
        let mut file = LogFile::open(&path).unwrap();
        let line = "x".repeat(4_000);
        for _ in 0..3_000 {
            file.write_line(Timestamp::UNIX_EPOCH, "info", &line);
        }
        let total: u64 = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .sum();
        assert!(total <= 2 * (FILE_MAX_BYTES + 8_192), "{total}");
        assert!(folder.path().join("daemon.log.1").is_file());
    }
}
