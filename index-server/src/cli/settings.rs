//! All settings as flags and environment variables, and the layers put on each other: default <
//! file < environment < flag.
//!
//! Must not know what is done with them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use ipnet::IpNet;

use crate::config::file::Layer;
use crate::config::{Config, JournalChoice, SettingError, value};
use crate::telemetry::{LogFormat, Logging};

/// What the command line and the environment give; `None` where they leave a setting alone.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "PEERDEX_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Address and port to listen at; port 0 picks a free one [default: [::]:7070]
    #[arg(long, value_name = "ADDR:PORT", env = "PEERDEX_LISTEN", global = true)]
    #[arg(value_parser = value::listen)]
    listen: Option<SocketAddr>,
    /// Folder for journal and keys [default: the platform's data folder]
    #[arg(long, value_name = "DIR", env = "PEERDEX_DATA", global = true)]
    data: Option<PathBuf>,
    /// Where records are kept: embedded (in the data folder) or memory (nowhere) [default: embedded]
    #[arg(long, env = "PEERDEX_JOURNAL", global = true, value_parser = value::journal)]
    journal: Option<JournalChoice>,
    /// How often peers say that they are here [default: 30, or a quarter of --offline-after]
    #[arg(
        long,
        value_name = "DURATION",
        env = "PEERDEX_HEARTBEAT_INTERVAL",
        global = true
    )]
    #[arg(value_parser = value::duration, allow_negative_numbers = true)]
    heartbeat_interval: Option<Duration>,
    /// Silence after which a peer is offline [default: 120]
    #[arg(
        long,
        value_name = "DURATION",
        env = "PEERDEX_OFFLINE_AFTER",
        global = true
    )]
    #[arg(value_parser = value::duration, allow_negative_numbers = true)]
    offline_after: Option<Duration>,
    /// How often silent peers are looked for [default: 30]
    #[arg(
        long,
        value_name = "DURATION",
        env = "PEERDEX_SWEEP_EVERY",
        global = true
    )]
    #[arg(value_parser = value::duration, allow_negative_numbers = true)]
    sweep_every: Option<Duration>,
    /// Silence after which a peer and its records are dropped [default: 30d]
    #[arg(
        long,
        value_name = "DURATION",
        env = "PEERDEX_FORGET_AFTER",
        global = true
    )]
    #[arg(value_parser = value::duration, allow_negative_numbers = true)]
    forget_after: Option<Duration>,
    /// Serve clients with public addresses too
    #[arg(long, env = "PEERDEX_ALLOW_PUBLIC", global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = value::switch("PEERDEX_ALLOW_PUBLIC"))]
    allow_public: Option<bool>,
    /// A further name under which browsers may call this index (repeatable)
    #[arg(long, value_name = "NAME", env = "PEERDEX_ALLOW_HOST", global = true)]
    #[arg(value_parser = value::host, value_delimiter = ',')]
    allow_host: Vec<String>,
    /// A proxy that is believed when it tells for whom it speaks: address or network (repeatable)
    #[arg(
        long,
        value_name = "CIDR",
        env = "PEERDEX_TRUSTED_PROXY",
        global = true
    )]
    #[arg(value_parser = value::network, value_delimiter = ',')]
    trusted_proxy: Vec<IpNet>,
    /// Count clients of this machine in rate limits and caps per address
    #[arg(long, env = "PEERDEX_LIMIT_LOOPBACK", global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = value::switch("PEERDEX_LIMIT_LOOPBACK"))]
    limit_loopback: Option<bool>,
    /// Do not announce the index on the local network and to programs of this machine
    #[arg(long, env = "PEERDEX_NO_ANNOUNCE", global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(value_parser = value::switch("PEERDEX_NO_ANNOUNCE"))]
    no_announce: Option<bool>,
    /// How log lines look on standard error: text or json [default: text]
    #[arg(long, value_name = "FORMAT", env = "PEERDEX_LOG_FORMAT", global = true)]
    #[arg(value_parser = LogFormat::parse)]
    log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug, trace, or a filter of the tracing crate [default: info]
    #[arg(long, value_name = "LEVEL", env = "PEERDEX_LOG_LEVEL", global = true)]
    log_level: Option<String>,
}

impl Settings {
    /// Puts the layers on each other.
    ///
    /// # Errors
    /// What is wrong with a setting, by its name and value, or with the file.
    pub(super) fn resolve(self) -> anyhow::Result<(Config, Logging)> {
        let file = match &self.config {
            Some(path) => Layer::read(path)?,
            None => Layer::default(),
        };
        let data = match self.data.or(file.data) {
            Some(data) => data,
            None => default_data()?,
        };
        let mut config = Config::in_folder(data);
        let file_hosts = read_all("allow-host", file.allow_host, value::host)?;
        let file_proxies = read_all("trusted-proxy", file.trusted_proxy, value::network)?;
        set(
            &mut config.listen,
            self.listen,
            file.listen.map(|text| text.0),
        );
        set(
            &mut config.journal,
            self.journal,
            file.journal.map(|text| text.0),
        );
        set(
            &mut config.offline_after,
            self.offline_after,
            file.offline_after,
        );
        match self.heartbeat_interval.or(file.heartbeat_interval) {
            Some(interval) => config.heartbeat_interval = interval,
            None => config.fit_heartbeat_interval(),
        }
        set(&mut config.sweep_every, self.sweep_every, file.sweep_every);
        set(
            &mut config.forget_after,
            self.forget_after,
            file.forget_after,
        );
        set(
            &mut config.allow_public,
            self.allow_public,
            file.allow_public,
        );
        set(
            &mut config.limit_loopback,
            self.limit_loopback,
            file.limit_loopback,
        );
        let file_announce = one_of_two(file.announce, file.no_announce.map(|no| !no))?;
        set(
            &mut config.announce,
            self.no_announce.map(|no| !no),
            file_announce,
        );
        let given = Some(self.allow_host).filter(|hosts| !hosts.is_empty());
        set(&mut config.allow_hosts, given, Some(file_hosts));
        let given = Some(self.trusted_proxy).filter(|proxies| !proxies.is_empty());
        set(&mut config.trusted_proxies, given, Some(file_proxies));
        config.check()?;
        let mut logging = Logging::default();
        let file_format = file
            .log_format
            .map(|text| read("log-format", &text, LogFormat::parse));
        set(
            &mut logging.format,
            self.log_format,
            file_format.transpose()?,
        );
        set(&mut logging.filter, self.log_level, file.log_level);
        logging.check()?;
        Ok((config, logging))
    }
}

fn set<T>(setting: &mut T, over: Option<T>, under: Option<T>) {
    if let Some(value) = over.or(under) {
        *setting = value;
    }
}

/// The file may say it either way, but not both ways at once.
fn one_of_two(
    announce: Option<bool>,
    opposite: Option<bool>,
) -> Result<Option<bool>, SettingError> {
    match (announce, opposite) {
        (Some(one), Some(other)) if one != other => Err(SettingError {
            setting: "no-announce",
            value: (!other).to_string(),
            advice: format!("announce = {one} stands beside it; leave one of them out"),
        }),
        (one, other) => Ok(one.or(other)),
    }
}

fn read<T>(
    setting: &'static str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, SettingError> {
    parse(text).map_err(|advice| SettingError {
        setting,
        value: text.to_owned(),
        advice,
    })
}

fn read_all<T>(
    setting: &'static str,
    texts: Option<Vec<String>>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, SettingError> {
    let texts = texts.unwrap_or_default();
    let values = texts.iter().map(|text| read(setting, text, &parse));
    values.collect()
}

/// The platform's folder for data that programs keep.
fn default_data() -> anyhow::Result<PathBuf> {
    use etcetera::BaseStrategy;
    let folders = etcetera::choose_base_strategy()
        .context("find the data folder of this user; give one with --data")?;
    Ok(folders.data_dir().join("peerdex").join("index"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Arguments;

    fn resolve(flags: &[&str]) -> anyhow::Result<(Config, Logging)> {
        let arguments = ["index-server", "--data", "/nowhere"];
        Arguments::try_parse_from(arguments.iter().chain(flags))?
            .settings
            .resolve()
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.toml");
        let text = "heartbeat_interval = 10\nsweep_every = 7\nallow_public = true\n\
                    allow_host = [\"a.example\"]\nlog_format = \"json\"\n";
        std::fs::write(&path, text).unwrap();
        let file = path.to_str().unwrap();
        let (config, logging) = resolve(&[
            "--config",
            file,
            "--sweep-every",
            "9s",
            "--allow-public=false",
        ])
        .unwrap();
        assert_eq!(config.heartbeat_interval, Duration::from_secs(10));
        assert_eq!(config.sweep_every, Duration::from_secs(9));
        assert_eq!(config.offline_after, Duration::from_mins(2));
        assert!(!config.allow_public);
        assert_eq!(config.allow_hosts, ["a.example"]);
        assert_eq!(logging.format, LogFormat::Json);
    }

    #[test]
    fn a_bad_setting_is_told_with_its_name_its_value_and_what_is_right() {
        let check = |flags: &[&str], parts: &[&str]| {
            let message = format!("{:#}", resolve(flags).unwrap_err());
            for part in parts {
                assert!(message.contains(part), "no {part:?} in {message:?}");
            }
        };
        check(&["--listen", "7070"], &["--listen", "7070", "[::]:7070"]);
        check(
            &["--sweep-every", "soon"],
            &["--sweep-every", "soon", "90s"],
        );
        check(&["--journal", "nats://a:1"], &["nats://a:1", "embedded"]);
        check(&["--log-format", "xml"], &["--log-format", "xml", "json"]);
        check(&["--log-level", "a=b=c"], &["log-level", "a=b=c"]);
        check(&["--log-level", "bogus"], &["log-level", "bogus", "debug"]);
        check(&["--log-level", "info,bogus"], &["log-level", "bogus"]);
        for good in [
            "DEBUG",
            "off",
            "warn,index_server::http=debug",
            "a[b]=trace",
        ] {
            assert!(resolve(&["--log-level", good]).is_ok(), "{good}");
        }
        check(
            &["--trusted-proxy", "10.0.0.0/99"],
            &["--trusted-proxy", "10.0.0.0/99", "10.0.0.0/8"],
        );
        check(
            &["--offline-after", "5", "--heartbeat-interval", "30"],
            &["offline-after", "5s", "1m"],
        );
        check(
            &["--offline-after", "-5"],
            &["--offline-after", "-5", "90s"],
        );
        check(&["--config", "/nowhere/x.toml"], &["/nowhere/x.toml"]);
    }

    #[test]
    fn every_setting_of_a_file_is_named_like_its_flag() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.toml");
        let file = path.to_str().unwrap();
        let with = |text: &str, flags: &[&str]| {
            std::fs::write(&path, text).unwrap();
            resolve(&[&["--config", file], flags].concat()).map(|(config, _)| config)
        };
        assert!(!with("no_announce = true", &[]).unwrap().announce);
        assert!(with("no_announce = false", &[]).unwrap().announce);
        assert!(!with("announce = false", &[]).unwrap().announce);
        assert!(
            with("no_announce = true", &["--no-announce=false"])
                .unwrap()
                .announce
        );
        let both = with("no_announce = true\nannounce = true", &[]).unwrap_err();
        assert!(both.to_string().contains("no-announce"), "{both}");

        let proxies = |text: &str, flags: &[&str]| {
            let config = with(text, flags).map_err(|error| error.to_string())?;
            let shown = config.trusted_proxies.iter().map(ToString::to_string);
            Ok::<_, String>(shown.collect::<Vec<_>>().join(" "))
        };
        let text = "trusted_proxy = [\"10.0.0.7\", \"fd00::/8\"]";
        assert_eq!(proxies(text, &[]).unwrap(), "10.0.0.7/32 fd00::/8");
        let flags = ["--trusted-proxy", "10.1.0.0/16", "--trusted-proxy", "::1"];
        assert_eq!(proxies(text, &flags).unwrap(), "10.1.0.0/16 ::1/128");
        let wrong = proxies("trusted_proxy = [\"proxy\"]", &[]).unwrap_err();
        assert!(
            wrong.contains("trusted-proxy = proxy") && wrong.contains("10.0.0.0/8"),
            "{wrong}"
        );
    }
}
