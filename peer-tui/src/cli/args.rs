//! What may stand on the command line. Values are kept as text: one place reads them, whatever
//! layer they come from.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::documents::Document;
use super::trouble::Trouble;
use crate::config::{Layer, Layers};
use crate::fetch::{DownloadId, Move};

/// Share, search and fetch files of a Peerdex network.
///
/// Without a command: the screen, on top of a daemon that runs in the background and goes on when
/// the screen is closed. Settings come from, each over the one before: defaults, the file of
/// --config, the environment (`PEERDEX_UP_LIMIT` for --up-limit), flags.
#[derive(Debug, Parser)]
#[command(name = "peer-tui", version, max_term_width = 100)]
pub struct Arguments {
    /// Address of an index, like nas:7070 or 192.168.1.5:7070; remembered. Without one: the remembered one,
    /// one of this machine, one of the local network, or one hosted here
    #[arg(value_name = "INDEX")]
    index: Option<String>,
    #[command(flatten)]
    settings: Settings,
    /// Print one JSON document (or one a line) and nothing else
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Args)]
struct Settings {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// As INDEX, for commands
    #[arg(
        long = "index",
        id = "index-flag",
        value_name = "URL",
        global = true,
        hide = true
    )]
    index: Vec<String>,
    /// Folder to share, may be given several times [default: `~/peerdex/shared_files`]
    #[arg(long, value_name = "DIR", global = true)]
    share: Vec<String>,
    /// Where fetched files go [default: `~/peerdex/downloads`]
    #[arg(long, value_name = "DIR", global = true)]
    downloads: Vec<String>,
    /// Do not share the download folder
    #[arg(long, global = true)]
    no_share_downloads: bool,
    /// Address and port to serve at [default: [::]:7071, or the next free port]
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    listen: Vec<String>,
    /// Address that others reach this peer at, where it is not the one that is seen
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    advertise: Vec<String>,
    /// Name shown to others [default: the name of this machine]
    #[arg(long, value_name = "NAME", global = true)]
    name: Vec<String>,
    /// Folder for identity, cache, queue and socket; one daemon each [default: the platform's]
    #[arg(long, value_name = "DIR", global = true)]
    data: Vec<String>,
    /// Seconds between heartbeats, where the index asks for fewer [default: what the index tells]
    #[arg(long, value_name = "SECONDS", global = true)]
    heartbeat_interval: Vec<String>,
    /// Seconds between full looks at the folders, besides watching them [default: 30]
    #[arg(long, value_name = "SECONDS", global = true)]
    rescan_every: Vec<String>,
    /// Bytes a second out, like 10M [default: none]
    #[arg(long, value_name = "RATE", global = true)]
    up_limit: Vec<String>,
    /// Bytes a second in, like 10M [default: none]
    #[arg(long, value_name = "RATE", global = true)]
    down_limit: Vec<String>,
    /// Upload slots in all [default: 64]
    #[arg(long, value_name = "N", global = true)]
    slots: Vec<String>,
    /// Upload slots of one downloader [default: 8]
    #[arg(long, value_name = "N", global = true)]
    slots_per_client: Vec<String>,
    /// Larger files are not shared, like 4G [default: none]
    #[arg(long, value_name = "SIZE", global = true)]
    max_file_size: Vec<String>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Share, serve and fetch in the foreground, without a screen (for systemd)
    Daemon {
        /// As before the command
        #[arg(value_name = "INDEX", id = "daemon-index")]
        index: Option<String>,
        /// Detach from the terminal and log to a file.
        #[arg(long, hide = true)]
        background: bool,
    },
    /// Try it out: an index and four peers with sample files in a temporary folder
    Demo {
        /// Keep ten downloads running at a steady 250 KiB/s
        #[arg(long)]
        busy: bool,
    },
    /// Search the network
    Search(SearchArgs),
    /// Download by hash, id or best match, and wait
    Get(GetArgs),
    /// Print the hashes that the network knows files by
    Hash {
        /// Files, or folders with all that is in them
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// How the daemon and the network stand
    Status,
    /// Who is here
    Peers,
    /// What is being transferred
    Transfers,
    /// What is shared
    Shares,
    /// Pause downloads
    Pause {
        /// Numbers, as `transfers` lists them
        #[arg(required = true, value_name = "ID", value_parser = download_id)]
        ids: Vec<DownloadId>,
    },
    /// Go on with downloads
    Resume {
        /// Numbers, as `transfers` lists them
        #[arg(required = true, value_name = "ID", value_parser = download_id)]
        ids: Vec<DownloadId>,
    },
    /// Take downloads away; for 10 seconds `resume` brings them back
    Cancel {
        /// Numbers, as `transfers` lists them
        #[arg(required = true, value_name = "ID", value_parser = download_id)]
        ids: Vec<DownloadId>,
    },
    /// Put downloads before or behind others
    Priority {
        /// Numbers, as `transfers` lists them
        #[arg(required = true, value_name = "ID", value_parser = download_id)]
        ids: Vec<DownloadId>,
        /// Which
        #[arg(value_enum, value_name = "PRIORITY")]
        priority: PriorityArg,
    },
    /// Move a download among those of the same priority
    Move {
        /// Number, as `transfers` lists it
        #[arg(value_name = "ID", value_parser = download_id)]
        id: DownloadId,
        /// Where
        #[arg(value_enum, value_name = "WHERE")]
        to: Move,
    },
    /// Show or set how many bytes a second go in and out
    Limit(LimitArgs),
    /// Share one more folder; remembered
    Share {
        /// Which
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// Stop sharing a folder; remembered
    Unshare {
        /// Which
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// End the daemon; the index is told
    Stop,
    #[command(flatten)]
    #[expect(missing_docs, reason = "each of its commands tells of itself")]
    Document(Document),
}

impl Command {
    /// Whether a daemon that runs is asked, which has settings of its own.
    pub const fn asks_the_daemon(&self) -> bool {
        !matches!(
            self,
            Self::Daemon { .. }
                | Self::Demo { .. }
                | Self::Hash { .. }
                | Self::Stop
                | Self::Document(_)
        )
    }
}

/// Before or behind other downloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum PriorityArg {
    High,
    Normal,
    Low,
}

/// Which limits.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Bytes a second in, like 10M; `none` for no limit
    #[arg(long, value_name = "RATE")]
    pub down: Option<String>,
    /// Bytes a second out, like 10M; `none` for no limit
    #[arg(long, value_name = "RATE")]
    pub up: Option<String>,
    /// Only what comes from and goes to this peer, by name or id
    #[arg(long, value_name = "PEER", conflicts_with = "transfer")]
    pub peer: Option<String>,
    /// Only of this download
    #[arg(long, value_name = "ID", value_parser = download_id, requires = "down", conflicts_with = "up")]
    pub transfer: Option<DownloadId>,
    /// No limits for an hour, then the old ones hold again; with --peer, no limits of its own
    #[arg(long, conflicts_with_all = ["down", "up", "transfer"])]
    pub lift: bool,
}

/// What to search for.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Words, "phrases", -word, ext:iso, category:video, size:>1G, owner:NAME, hash:HEX
    #[arg(value_name = "QUERY", required = true)]
    pub query: Vec<String>,
    /// Order
    #[arg(long, value_enum, default_value_t = SortArg::Relevance)]
    pub sort: SortArg,
    /// The other way round
    #[arg(long)]
    pub reverse: bool,
    /// Rows at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
}

/// An order of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each name says all there is to say")]
pub enum SortArg {
    Relevance,
    Filename,
    Size,
    Downloads,
    Rating,
    #[value(name = "upload_time", alias = "upload-time")]
    UploadTime,
}

/// What to download.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// A hash (64 digits), an id (32 digits), or words: then the best match
    #[arg(value_name = "HASH|ID|QUERY", required_unless_present = "folder")]
    pub target: Vec<String>,
    /// Save it here; `-` writes verified bytes to standard output
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["folder", "detach"])]
    pub output: Option<PathBuf>,
    /// Only queue it in the daemon
    #[arg(long)]
    pub detach: bool,
    /// A whole folder of one peer, by name or id; `PEER:` for all that it shares
    #[arg(long, value_name = "PEER:PATH", conflicts_with = "target")]
    pub folder: Option<String>,
}

fn download_id(text: &str) -> Result<DownloadId, String> {
    text.parse()
        .map(DownloadId)
        .map_err(|_| "a download has a number, as `peer-tui transfers` lists it".to_owned())
}

impl Arguments {
    /// INDEX, before the command or behind `daemon`.
    fn index(&self) -> Option<&String> {
        match &self.command {
            Some(Command::Daemon { index, .. }) => self.index.as_ref().or(index.as_ref()),
            _ => self.index.as_ref(),
        }
    }

    /// Flags, environment and file, the strongest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn layers(&self) -> Result<Layers, Trouble> {
        let mut layers = vec![self.settings.layer(self.index().cloned())];
        layers.push(Layer::of_environment(std::env::vars_os().filter_map(
            |(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)),
        )));
        let config = self.settings.config.clone();
        let from_environment = || std::env::var_os("PEERDEX_CONFIG").map(PathBuf::from);
        if let Some(path) = config.or_else(from_environment) {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Trouble::usage(format!(
                    "read configuration file {}: {error}",
                    path.display()
                ))
            })?;
            layers.push(Layer::of_toml(&path, &text)?);
        }
        Ok(Layers(layers))
    }
}

impl Settings {
    fn layer(&self, index: Option<String>) -> Layer {
        let index = index
            .into_iter()
            .chain(self.index.iter().cloned())
            .collect();
        let private = if self.no_share_downloads {
            vec!["true".to_owned()]
        } else {
            Vec::new()
        };
        Layer::of_flags([
            ("index", index),
            ("share", self.share.clone()),
            ("downloads", self.downloads.clone()),
            ("no-share-downloads", private),
            ("listen", self.listen.clone()),
            ("advertise", self.advertise.clone()),
            ("name", self.name.clone()),
            ("data", self.data.clone()),
            ("heartbeat-interval", self.heartbeat_interval.clone()),
            ("rescan-every", self.rescan_every.clone()),
            ("up-limit", self.up_limit.clone()),
            ("down-limit", self.down_limit.clone()),
            ("slots", self.slots.clone()),
            ("slots-per-client", self.slots_per_client.clone()),
            ("max-file-size", self.max_file_size.clone()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::config::Config;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn settings_may_stand_before_and_behind_a_command() {
        let check = |line: &[&str]| {
            let arguments = Arguments::try_parse_from(line).unwrap();
            let config = Config::from_layers(&Layers(vec![
                arguments.settings.layer(arguments.index().cloned()),
            ]));
            let config = config.unwrap();
            assert_eq!(config.data, PathBuf::from("/d"));
            assert_eq!(config.index.as_deref(), Some("http://nas:7070"));
        };
        check(&["peer-tui", "nas:7070", "--data", "/d"]);
        check(&["peer-tui", "--data", "/d", "--index", "nas:7070", "daemon"]);
        check(&["peer-tui", "daemon", "--index", "nas:7070", "--data=/d"]);
        check(&["peer-tui", "daemon", "nas:7070", "--data", "/d"]);
        check(&["peer-tui", "nas:7070", "daemon", "--data", "/d"]);
        check(&["peer-tui", "nas:7070", "search", "a -x", "--data", "/d"]);
    }
}
