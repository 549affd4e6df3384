//! Settings as a configuration file would give them: what `check-config` prints.

use std::time::Duration;

use toml::{Table, Value};

use crate::config::{Config, JournalChoice};
use crate::telemetry::{LogFormat, Logging};

/// The text of a configuration file that comes to these settings.
pub fn shown(config: &Config, logging: &Logging) -> String {
    let span = |duration: Duration| humantime::format_duration(duration).to_string();
    let journal = match config.journal {
        JournalChoice::Embedded => "embedded",
        JournalChoice::Memory => "memory",
    };
    let format = match logging.format {
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    };
    let proxies = config.trusted_proxies.iter().map(ToString::to_string);
    let settings: [(&str, Value); 14] = [
        ("listen", config.listen.to_string().into()),
        ("data", config.data.display().to_string().into()),
        ("journal", journal.into()),
        ("heartbeat_interval", span(config.heartbeat_interval).into()),
        ("offline_after", span(config.offline_after).into()),
        ("sweep_every", span(config.sweep_every).into()),
        ("forget_after", span(config.forget_after).into()),
        ("allow_public", config.allow_public.into()),
        ("allow_host", config.allow_hosts.clone().into()),
        ("trusted_proxy", proxies.collect::<Vec<_>>().into()),
        ("limit_loopback", config.limit_loopback.into()),
        ("announce", config.announce.into()),
        ("log_format", format.into()),
        ("log_level", logging.filter.clone().into()),
    ];
    let lines = settings.into_iter().map(|(key, value)| {
        let mut line = Table::new();
        line.insert(key.to_owned(), value);
        line.to_string()
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::{Layer, Text};

    #[test]
    fn what_is_shown_is_a_file_that_comes_to_the_same() {
        let mut config = Config::in_folder("/var/lib/a \"b\"".into());
        config.allow_hosts = vec!["files.example".to_owned()];
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        config.journal = JournalChoice::Memory;
        let text = shown(&config, &Logging::default());
        assert!(text.starts_with("listen = \"[::]:7070\"\n"), "{text}");
        let layer: Layer = toml::from_str(&text).unwrap();
        let expected = Layer {
            listen: Some(Text(config.listen)),
            data: Some(config.data),
            journal: Some(Text(config.journal)),
            heartbeat_interval: Some(config.heartbeat_interval),
            offline_after: Some(config.offline_after),
            sweep_every: Some(config.sweep_every),
            forget_after: Some(config.forget_after),
            allow_public: Some(false),
            allow_host: Some(config.allow_hosts),
            trusted_proxy: Some(vec!["10.0.0.0/8".to_owned()]),
            limit_loopback: Some(false),
            announce: Some(true),
            no_announce: None,
            log_format: Some("text".to_owned()),
            log_level: Some("info".to_owned()),
        };
        assert_eq!(layer, expected);
    }
}
