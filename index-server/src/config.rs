//! Settings with their defaults and reasons. Layers: default < file < environment < flag.

pub mod file;
pub mod shown;
pub mod value;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// Where records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalChoice {
    /// In the data folder.
    Embedded,
    /// Nowhere: for tests and for an index that may forget.
    Memory,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port to listen at; port 0 picks one.
    pub listen: SocketAddr,
    /// Journal and keys.
    pub data: PathBuf,
    /// Where records are kept.
    pub journal: JournalChoice,
    /// Told to peers.
    pub heartbeat_interval: Duration,
    /// Silence after which a peer is offline.
    pub offline_after: Duration,
    /// How often silence is looked for.
    pub sweep_every: Duration,
    /// Silence after which a peer and its records are dropped.
    pub forget_after: Duration,
    /// Serve public addresses too.
    pub allow_public: bool,
    /// Names that may stand in `Host`.
    pub allow_hosts: Vec<String>,
    /// Networks of proxies that are believed when they tell for whom they speak.
    pub trusted_proxies: Vec<IpNet>,
    /// Count loopback in caps per address.
    pub limit_loopback: bool,
    /// Announce the index on the local network (mDNS).
    pub announce: bool,
}

impl Config {
    /// The defaults, with a data folder given.
    pub fn in_folder(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from(([0u16; 8], 7070)),
            data,
            journal: JournalChoice::Embedded,
            // Ten peers are three calls a second, ten thousand are 333: nothing either way.
            heartbeat_interval: Duration::from_secs(30),
            // Four heartbeats: three may be lost on a bad radio link.
            offline_after: Duration::from_mins(2),
            sweep_every: Duration::from_secs(30),
            // A laptop that comes back after the holidays still finds its files known.
            forget_after: Duration::from_hours(30 * 24),
            allow_public: false,
            allow_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            limit_loopback: false,
            announce: true,
        }
    }

    /// Lets heartbeats that nobody has set keep up with a short silence: a quarter of it, as in
    /// the defaults, so that setting `offline_after` alone is enough.
    pub fn fit_heartbeat_interval(&mut self) {
        let quarter = Duration::from_secs(self.offline_after.as_secs() / 4);
        let fitting = quarter.max(Duration::from_secs(1));
        self.heartbeat_interval = self.heartbeat_interval.min(fitting);
    }

    /// Looks at settings that must fit each other.
    ///
    /// # Errors
    /// [`SettingError`] for the first that does not.
    pub fn check(&self) -> Result<(), SettingError> {
        let at_least = |setting, value: Duration, least: Duration, reason: &str| {
            if value >= least {
                return Ok(());
            }
            let value = humantime::format_duration(value);
            let least = humantime::format_duration(least);
            Err(SettingError {
                setting,
                value: value.to_string(),
                advice: format!("{reason}; give {least} or more"),
            })
        };
        let second = Duration::from_secs(1);
        let short = "peers would do nothing else";
        at_least("heartbeat-interval", self.heartbeat_interval, second, short)?;
        let short = "the index would do nothing else";
        at_least("sweep-every", self.sweep_every, second, short)?;
        if self.offline_after <= self.heartbeat_interval {
            at_least(
                "offline-after",
                self.offline_after,
                self.heartbeat_interval * 2,
                "peers would be offline before their next heartbeat",
            )?;
        }
        at_least(
            "forget-after",
            self.forget_after,
            self.offline_after,
            "a peer would be forgotten before it is offline",
        )
    }
}

/// A setting that cannot be: its name, its value and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("setting {setting} = {value}: {advice}")]
pub struct SettingError {
    /// As the flag is called, without dashes.
    pub setting: &'static str,
    /// As it was given.
    pub value: String,
    /// What would be right.
    pub advice: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_fit_each_other_and_bad_ones_are_named() {
        let config = Config::in_folder(PathBuf::new());
        config.check().unwrap();
        let mut hasty = config.clone();
        hasty.offline_after = Duration::from_secs(30);
        let message = hasty.check().unwrap_err().to_string();
        assert_eq!(
            message,
            "setting offline-after = 30s: peers would be offline before their next heartbeat; \
             give 1m or more"
        );
    }

    #[test]
    fn heartbeats_keep_up_with_a_short_silence() {
        for (offline_after_secs, heartbeat_secs) in [(600, 30), (120, 30), (45, 11), (2, 1)] {
            let mut config = Config::in_folder(PathBuf::new());
            config.offline_after = Duration::from_secs(offline_after_secs);
            config.fit_heartbeat_interval();
            assert_eq!(config.heartbeat_interval.as_secs(), heartbeat_secs);
            config.check().unwrap();
        }
    }
}
