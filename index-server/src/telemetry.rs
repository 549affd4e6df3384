//! Log lines on standard error. Installed by the program, never by the library: a peer that hosts
//! an index has its own.

use std::io::{self, IsTerminal};

use protocol::json::escaped;
use protocol::text::one_line;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;

use crate::config::SettingError;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

impl LogFormat {
    /// Reads `text` or `json`.
    ///
    /// # Errors
    /// A sentence that says so.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("the log format is text or json".to_owned()),
        }
    }
}

/// What is logged and how.
#[derive(Debug, Clone)]
pub struct Logging {
    /// Text or JSON.
    pub format: LogFormat,
    /// A level, or a filter of `tracing`.
    pub filter: String,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

impl Logging {
    /// Looks whether the filter can be read.
    ///
    /// # Errors
    /// [`SettingError`] that says how a filter is written.
    pub fn check(&self) -> Result<(), SettingError> {
        self.filter().map(|_| ())
    }

    fn filter(&self) -> Result<EnvFilter, SettingError> {
        let wrong = |reason: &str| SettingError {
            setting: "log-level",
            value: self.filter.clone(),
            advice: format!(
                "give error, warn, info, debug, trace, or a filter such as index_server=debug \
                 ({reason})"
            ),
        };
        // A single word that is no level would be the name of a part of the program, all of which
        // is logged then: a typing mistake ought not to mean that.
        let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
        let mut words = self.filter.split(',').map(str::trim);
        if let Some(word) = words.find(|word| !word.contains(['=', '[']) && !is_level(word)) {
            return Err(wrong(&format!("there is no level {word:?}")));
        }
        let filter = EnvFilter::builder().parse(&self.filter);
        filter.map_err(|error| wrong(&error.to_string()))
    }
}

/// Standard error for lines of JSON: what drives a terminal leaves escaped.
struct EscapedLines;

impl io::Write for EscapedLines {
    /// Takes whole lines: a character is not cut in two.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(&escaped(line.to_vec()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// How the fields of a log line for people are written: in one line that drives no terminal, whoever's
/// words are in it.
fn safe_fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
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

/// Sends log lines of the whole process to standard error.
///
/// # Errors
/// When the filter cannot be read, or another receiver is installed.
pub fn install(logging: &Logging) -> anyhow::Result<()> {
    let has_colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(has_colour)
        .with_target(false)
        .with_env_filter(logging.filter()?);
    let installed = match logging.format {
        LogFormat::Text => lines.fmt_fields(safe_fields()).try_init(),
        LogFormat::Json => lines.json().with_writer(|| EscapedLines).try_init(),
    };
    installed.map_err(|error| anyhow::anyhow!("install the log: {error}"))
}
