//! Values of settings as people write them. Each function's error says what would be right.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Component, PathBuf};
use std::time::Duration;

use protocol::limits::PEER_NAME_MAX_BYTES;

use crate::index_client::{IndexUrl, UrlError};

/// A folder, `~` being the home folder; made absolute, so that a daemon in another working folder
/// means the same one.
///
/// # Errors
/// When it is empty, or there is no home or working folder.
pub fn folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("write the path of a folder".to_owned());
    }
    let expanded = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = etcetera::home_dir()
                .map_err(|_| "there is no home folder here, write the whole path".to_owned())?;
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    };
    std::path::absolute(&expanded).map_err(|error| format!("cannot make it absolute: {error}"))
}

/// A folder to share: as [`folder`], but never the whole file system.
///
/// # Errors
/// When it is no folder, or the one that holds everything.
pub fn share_folder(text: &str) -> Result<PathBuf, String> {
    let folder = folder(text)?;
    let mut depth = 0_usize;
    for part in folder.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if depth == 0 {
        return Err(
            "that is the whole machine, with its passwords and keys: share a folder of it"
                .to_owned(),
        );
    }
    Ok(folder)
}

/// `ADDR:PORT`, `:PORT` or a port alone.
///
/// # Errors
/// When it is none of them.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let port_only = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = port_only.parse::<u16>() {
        return Ok(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port));
    }
    text.parse().map_err(|_| {
        "write an address and a port, like `0.0.0.0:7071` or `[::]:7071`, or a port alone"
            .to_owned()
    })
}

/// `ADDR:PORT`.
///
/// # Errors
/// When it is not one, or the port is 0.
pub fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .ok()
        .filter(|address: &SocketAddr| address.port() != 0)
        .ok_or_else(|| {
            "write the address and port that others reach, like `203.0.113.9:7071`".to_owned()
        })
}

/// The URL of an index: `http://HOST:PORT`, or `HOST:PORT` for short. A bare word is refused here,
/// since on a command line it is far more often a mistyped command than the name of a machine.
///
/// # Errors
/// When it is neither.
pub fn index(text: &str) -> Result<String, String> {
    let remedy = "write the address of an index, like `http://192.168.1.5:7070` or `nas:7070`";
    if !text.contains([':', '.']) && text != "localhost" {
        return Err(format!("it is no command; or {remedy}"));
    }
    let url: IndexUrl = text.parse().map_err(|error: UrlError| match error {
        UrlError::Encrypted(_) => "write http:// in place of https://".to_owned(),
        UrlError::Malformed(_) => remedy.to_owned(),
    })?;
    Ok(url.as_str().to_owned())
}

/// A name to show to others.
///
/// # Errors
/// When it is empty or too long.
pub fn peer_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() || name.len() > PEER_NAME_MAX_BYTES {
        return Err(format!("write a name of 1 to {PEER_NAME_MAX_BYTES} bytes"));
    }
    Ok(name.to_owned())
}

/// Seconds, or a duration with a unit (`90s`, `2min`); at least one second.
///
/// # Errors
/// When it is neither.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    };
    duration
        .filter(|duration| (1..=86_400 * 365).contains(&duration.as_secs()))
        .ok_or_else(|| "write whole seconds, at least 1, like `30`, or `2min`".to_owned())
}

/// Bytes: `10M`, `500K`, `1.5GiB`; K M G T are powers of 1024, KB MB GB TB of 1000.
///
/// # Errors
/// When it is not a size, or 0.
pub fn size(text: &str) -> Result<u64, String> {
    let remedy = || "write a size in bytes, or like `500K`, `10M` or `1.5G`".to_owned();
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let unit = unit.trim().to_ascii_lowercase();
    let mut letters = unit.chars();
    let factor: u64 = match (letters.next(), letters.as_str()) {
        (None, _) | (Some('b'), "") => 1,
        (Some(letter), rest) => {
            let exponent = match letter {
                'k' => 1,
                'm' => 2,
                'g' => 3,
                't' => 4,
                _ => return Err(remedy()),
            };
            match rest {
                "" | "i" | "ib" => 1024_u64.pow(exponent),
                "b" => 1000_u64.pow(exponent),
                _ => return Err(remedy()),
            }
        }
    };
    scaled(number, factor)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(remedy)
}

/// `whole.fraction` times `factor` in integers; at most nine digits of fraction are kept.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u128 = whole.parse().ok()?;
    let kept = &fraction[..fraction.len().min(9)];
    let mut total = whole.checked_mul(u128::from(factor))?;
    if !kept.is_empty() {
        let part: u128 = kept.parse().ok()?;
        let scale = 10_u128.pow(u32::try_from(kept.len()).ok()?);
        total = total.checked_add(part.checked_mul(u128::from(factor))? / scale)?;
    } else if number.contains('.') {
        return None;
    }
    u64::try_from(total).ok()
}

/// Bytes a second as [`size`], `/s` allowed; `none` or 0 for no limit.
///
/// # Errors
/// When it is none of them.
pub fn rate(text: &str) -> Result<Option<u64>, String> {
    let lower = text.trim().to_ascii_lowercase();
    if matches!(lower.as_str(), "none" | "0" | "off") {
        return Ok(None);
    }
    size(lower.strip_suffix("/s").unwrap_or(&lower))
        .map(Some)
        .map_err(|_| "write bytes a second, like `500K` or `10M`, or `none`".to_owned())
}

/// A count of at least 1.
///
/// # Errors
/// When it is not one, or unreasonably large.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=65_536).contains(count))
        .ok_or_else(|| "write a whole number from 1 to 65536".to_owned())
}

/// Yes or no.
///
/// # Errors
/// When it is neither.
pub fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}
