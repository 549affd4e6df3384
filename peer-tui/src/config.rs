//! Settings with their defaults and reasons. Layers: default < file < environment < flag.
//!
//! Knows values and where they came from; opens nothing but the configuration file.

pub mod layer;
pub mod value;

use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use etcetera::BaseStrategy as _;

pub use layer::{ConfigError, Layer, Layers, Origin};

/// Port of the first peer on a machine; the next free one above it is taken where this is in use.
pub const PORT: u16 = 7071;
/// Between full looks at the folders: notifications are hints and may be lost, half a minute is how
/// long a lost one may go unseen.
pub const RESCAN_EVERY: Duration = Duration::from_secs(30);
/// Upload slots in all: at 64 the streams of a gigabit link still get 2 MiB/s each.
pub const SLOTS: usize = 64;
/// Upload slots a downloader: one in eight, so that eight of them are served at once.
pub const SLOTS_PER_CLIENT: usize = 8;

/// Everything the engine can be told.
#[derive(Debug, Clone)]
pub struct Config {
    /// URL of the index; found by itself where absent.
    pub index: Option<String>,
    /// Folders to share.
    pub shares: Vec<PathBuf>,
    /// Whether a person chose them (then a missing one is reported, else it is made).
    pub shares_are_chosen: bool,
    /// Where fetched files go.
    pub downloads: PathBuf,
    /// Share the download folder too.
    pub share_downloads: bool,
    /// Address and port to serve at.
    pub listen: SocketAddr,
    /// Whether `listen` was chosen by a person (then a taken port is an error, else the next free
    /// one is used).
    pub listen_is_fixed: bool,
    /// Address that others reach this peer at, where it is not the one that is seen.
    pub advertise: Option<SocketAddr>,
    /// Name shown to others.
    pub name: String,
    /// Identity, cache, queue, socket.
    pub data: PathBuf,
    /// Own heartbeat interval; a shorter one than the index tells wins.
    pub heartbeat_interval: Option<Duration>,
    /// Between full looks at the folders.
    pub rescan_every: Duration,
    /// Bytes a second, out.
    pub up_limit: Option<u64>,
    /// Bytes a second, in.
    pub down_limit: Option<u64>,
    /// Whether a person chose (up, down); `none` then wins over a limit that is remembered.
    pub limits_are_chosen: (bool, bool),
    /// Upload slots in all.
    pub slots: usize,
    /// Upload slots a downloader.
    pub slots_per_client: usize,
    /// Larger files are not shared.
    pub max_file_size: Option<u64>,
}

/// What the layers say, read and not completed yet.
#[expect(
    clippy::option_option,
    reason = "a limit is not given, given as none, or a rate"
)]
struct Given {
    index: Option<String>,
    shares: Option<Vec<PathBuf>>,
    downloads: Option<PathBuf>,
    no_share_downloads: Option<bool>,
    listen: Option<SocketAddr>,
    advertise: Option<SocketAddr>,
    name: Option<String>,
    data: Option<PathBuf>,
    heartbeat_interval: Option<Duration>,
    rescan_every: Option<Duration>,
    up_limit: Option<Option<u64>>,
    down_limit: Option<Option<u64>>,
    slots: Option<usize>,
    slots_per_client: Option<usize>,
    max_file_size: Option<u64>,
}

impl Given {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let given = Self {
            listen: layers.read("listen", value::listen)?,
            shares: layers.read_list("share", value::share_folder)?,
            up_limit: layers.read("up-limit", value::rate)?,
            down_limit: layers.read("down-limit", value::rate)?,
            no_share_downloads: layers.read("no-share-downloads", value::yes_or_no)?,
            index: layers.read("index", value::index)?,
            downloads: layers.read("downloads", value::folder)?,
            advertise: layers.read("advertise", value::socket_address)?,
            name: layers.read("name", value::peer_name)?,
            data: layers.read("data", value::folder)?,
            heartbeat_interval: layers.read("heartbeat-interval", value::seconds)?,
            rescan_every: layers.read("rescan-every", value::seconds)?,
            slots: layers.read("slots", value::count)?,
            slots_per_client: layers.read("slots-per-client", value::count)?,
            max_file_size: layers.read("max-file-size", value::size)?,
        };
        layers.refuse_unknown()?;
        Ok(given)
    }
}

impl Config {
    /// Reads every setting from the highest layer that has it.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting, where it was set, its value and what would be right.
    pub fn from_layers(layers: &Layers) -> Result<Self, ConfigError> {
        let given = Given::read(layers)?;
        Ok(Self {
            index: given.index,
            shares_are_chosen: given.shares.is_some(),
            shares: match given.shares {
                Some(shares) => shares,
                None => vec![home("share")?.join("peerdex/shared_files")],
            },
            downloads: match given.downloads {
                Some(downloads) => downloads,
                None => home("downloads")?.join("peerdex/downloads"),
            },
            share_downloads: !given.no_share_downloads.unwrap_or(false),
            listen: given
                .listen
                .unwrap_or(SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT))),
            listen_is_fixed: given.listen.is_some(),
            advertise: given.advertise,
            name: given.name.unwrap_or_else(host_name),
            data: match given.data {
                Some(data) => data,
                None => default_data_folder()?,
            },
            heartbeat_interval: given.heartbeat_interval,
            rescan_every: given.rescan_every.unwrap_or(RESCAN_EVERY),
            limits_are_chosen: (given.up_limit.is_some(), given.down_limit.is_some()),
            up_limit: given.up_limit.flatten(),
            down_limit: given.down_limit.flatten(),
            slots: given.slots.unwrap_or(SLOTS),
            slots_per_client: given.slots_per_client.unwrap_or(SLOTS_PER_CLIENT),
            max_file_size: given.max_file_size,
        })
    }

    /// Refuses a wrong setting, whether or not the command at hand needs it: the same setting is
    /// right or wrong for all of them.
    ///
    /// # Errors
    /// As [`Config::from_layers`].
    pub fn check(layers: &Layers) -> Result<(), ConfigError> {
        Given::read(layers).map(drop)
    }

    /// All settings at their defaults, for a peer whose folders are given (tests, demo, embedding).
    pub fn in_folders(data: PathBuf, share: PathBuf, downloads: PathBuf) -> Self {
        Self {
            index: None,
            shares: vec![share],
            shares_are_chosen: false,
            downloads,
            share_downloads: true,
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT)),
            listen_is_fixed: false,
            advertise: None,
            name: host_name(),
            data,
            heartbeat_interval: None,
            rescan_every: RESCAN_EVERY,
            up_limit: None,
            down_limit: None,
            limits_are_chosen: (false, false),
            slots: SLOTS,
            slots_per_client: SLOTS_PER_CLIENT,
            max_file_size: None,
        }
    }
}

/// The data folder alone: all that a command needs to find the daemon.
///
/// # Errors
/// As [`Config::from_layers`].
pub fn data_folder(layers: &Layers) -> Result<PathBuf, ConfigError> {
    match layers.read("data", value::folder)? {
        Some(folder) => Ok(folder),
        None => default_data_folder(),
    }
}

fn default_data_folder() -> Result<PathBuf, ConfigError> {
    let base = etcetera::choose_base_strategy().map_err(|_| no_home("data"))?;
    Ok(base.data_dir().join("peerdex").join("peer"))
}

fn home(setting: &'static str) -> Result<PathBuf, ConfigError> {
    etcetera::home_dir().map_err(|_| no_home(setting))
}

fn no_home(setting: &'static str) -> ConfigError {
    ConfigError {
        message: format!("there is no home folder here (HOME is not set): give --{setting} DIR"),
    }
}

/// The name of this machine without its domain; it need not be unique.
pub fn host_name() -> String {
    let name = rustix::system::uname();
    let text = name.nodename().to_string_lossy();
    let short = text.split('.').next().unwrap_or_default().trim();
    if short.is_empty() {
        "peer".to_owned()
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests;
