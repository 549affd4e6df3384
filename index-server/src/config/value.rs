//! How settings are written: durations, addresses, where the journal is. The same in the file, the
//! environment and flags.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net};

use crate::config::JournalChoice;

/// Longer than anybody means, and short enough to be added to any time.
const DURATION_MAX: Duration = Duration::from_hours(24 * 3650);

/// Reads `120` (seconds), `90s`, `2m`, `30d`.
///
/// # Errors
/// A sentence that says how a duration is written.
pub fn duration(text: &str) -> Result<Duration, String> {
    const REMEDY: &str = "write a duration as whole seconds (120) or with units (90s, 2m, 30d)";
    let plain = text.parse::<u64>().map(Duration::from_secs).ok();
    match plain.or_else(|| humantime::parse_duration(text).ok()) {
        Some(Duration::ZERO) => Err("no time at all is too short: give 1s or more".to_owned()),
        Some(long) if long > DURATION_MAX => Err("give 3650d (ten years) or less".to_owned()),
        Some(duration) => Ok(duration),
        None => Err(REMEDY.to_owned()),
    }
}

/// Reads `true` or `false` for a setting that `variable` sets too.
///
/// # Errors
/// A sentence that says what there is.
pub fn switch(variable: &'static str) -> impl Fn(&str) -> Result<bool, String> + Clone {
    move |text| match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!(
            "write true or false (or, if it stands in the variable {variable}, unset that)"
        )),
    }
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

/// Reads `10.0.0.0/8`, `fd00::/8`, or one address; IPv4 written as IPv6 is IPv4.
///
/// # Errors
/// A sentence that says how a network is written.
pub fn network(text: &str) -> Result<IpNet, String> {
    /// Bits before the IPv4 address in its IPv6 form.
    const MAPPED_BITS: u8 = 96;
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse::<IpNet>().ok().or_else(one).ok_or_else(|| {
        "write the address of the proxy or its network, such as 192.168.1.9, 10.0.0.0/8 or \
         fd00::/8"
            .to_owned()
    })?;
    let mapped = match network.addr() {
        IpAddr::V6(address) => address.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    let short = mapped.zip(network.prefix_len().checked_sub(MAPPED_BITS));
    let network = match short.map(|(address, bits)| Ipv4Net::new(address, bits)) {
        Some(Ok(short)) => IpNet::V4(short),
        _ => network,
    };
    if network.prefix_len() == 0 {
        return Err("this would believe everybody; write the network of the proxy".to_owned());
    }
    Ok(network.trunc())
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
        assert_eq!(duration("3650d"), Ok(DURATION_MAX));
        for long in ["3651d", "18446744073709551615"] {
            assert!(duration(long).unwrap_err().contains("3650d"), "{long}");
        }
        assert!(duration("0").unwrap_err().contains("1s or more"));
        assert_eq!(switch("X")("false"), Ok(false));
        assert!(switch("PEERDEX_X")("").unwrap_err().contains("PEERDEX_X"));
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
        let shown = |text: &str| network(text).map(|network| network.to_string());
        for (text, meant) in [
            ("10.1.2.3", "10.1.2.3/32"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("::ffff:10.1.2.3", "10.1.2.3/32"),
            ("::ffff:10.1.2.3/112", "10.1.0.0/16"),
            ("fd00::9/64", "fd00::/64"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(meant), "{text}");
        }
        for bad in [
            "",
            "proxy.example",
            "10.0.0.0/33",
            "10.0/8",
            "10.0.0.1:80",
            "::ffff:0:0/96",
        ] {
            assert!(network(bad).is_err(), "{bad}");
        }
        assert!(network("0.0.0.0/0").unwrap_err().contains("everybody"));
    }
}
