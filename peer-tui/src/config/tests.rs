//! Tests of the settings: which layer wins, and what is said of a bad one.

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use super::*;

fn flags(list: &[(&'static str, &[&str])]) -> Layer {
    Layer::of_flags(
        list.iter()
            .map(|(setting, values)| (*setting, values.iter().map(|v| (*v).to_owned()).collect())),
    )
}

fn environment(list: &[(&str, &str)]) -> Layer {
    Layer::of_environment(
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn file(text: &str) -> Layer {
    Layer::of_toml(Path::new("/etc/peer.toml"), text).unwrap()
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let layers = Layers(vec![
        flags(&[("data", &["/d"]), ("up-limit", &["1M"])]),
        environment(&[
            ("PEERDEX_UP_LIMIT", "2M"),
            ("PEERDEX_DOWN_LIMIT", "3M"),
            ("PEERDEX_SHARE", "/a:/b"),
            ("PEERDEX_NAME", ""),
        ]),
        file(
            "up_limit = '4M'\ndown_limit = '5M'\nslots = 7\nname = 'nas'\nno_share_downloads = true",
        ),
    ]);
    let config = Config::from_layers(&layers).unwrap();
    assert_eq!(config.up_limit, Some(1024 * 1024));
    assert_eq!(config.down_limit, Some(3 * 1024 * 1024));
    assert_eq!(config.slots, 7);
    assert_eq!(config.name, "nas");
    assert_eq!(config.shares, [Path::new("/a"), Path::new("/b")]);
    assert!(!config.share_downloads);
    assert_eq!(config.rescan_every, RESCAN_EVERY);
    assert!(!config.listen_is_fixed);
}

#[test]
fn a_bad_setting_names_the_setting_the_value_and_the_remedy() {
    let check = |layer: Layer, expected: &[&str]| {
        let error = Config::from_layers(&Layers(vec![layer])).unwrap_err();
        for part in expected {
            assert!(error.message.contains(part), "{part} in {}", error.message);
        }
    };
    check(
        flags(&[("up-limit", &["10Q"])]),
        &["--up-limit", "`10Q`", "10M"],
    );
    check(
        environment(&[("PEERDEX_LISTEN", "nas")]),
        &["PEERDEX_LISTEN", "`nas`", "0.0.0.0:7071"],
    );
    check(
        file("slots = 0"),
        &["slots in /etc/peer.toml", "`0`", "from 1"],
    );
    check(
        file("slotz = 1"),
        &["slotz in /etc/peer.toml", "is not a setting", "slots"],
    );
    check(
        flags(&[("name", &["a", "b"])]),
        &["--name", "2 times", "once"],
    );
    check(
        flags(&[("index", &["serach"])]),
        &["INDEX", "`serach`", "nas:7070"],
    );
    let error = Layer::of_toml(Path::new("/x.toml"), "slots = [").unwrap_err();
    assert!(
        error.message.contains("/x.toml is not valid TOML"),
        "{error}"
    );
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a table reads better without references"
)]
fn check<T: PartialEq + Debug>(
    parse: fn(&str) -> Result<T, String>,
    text: &str,
    expected: Option<T>,
) {
    assert_eq!(parse(text).ok().as_ref(), expected.as_ref(), "{text}");
}

#[test]
fn values_are_read_as_people_write_them() {
    check(value::size, "10M", Some(10 << 20));
    check(value::size, "1.5GiB", Some(3 << 29));
    check(value::size, "10 MB", Some(10_000_000));
    check(value::size, "123", Some(123));
    for bad in [
        "",
        "0",
        "-1",
        "M",
        "1.",
        "1X",
        "1MM",
        "99999999999999999999T",
        "1.5.5M",
        "é",
    ] {
        check(value::size, bad, None);
    }
    check(value::rate, "250K/s", Some(Some(250 << 10)));
    check(value::rate, "none", Some(None));
    check(value::seconds, "90", Some(Duration::from_secs(90)));
    check(value::seconds, "2min", Some(Duration::from_mins(2)));
    check(value::seconds, "0", None);
    check(
        value::listen,
        "7080",
        Some(SocketAddr::from((Ipv6Addr::UNSPECIFIED, 7080))),
    );
    check(
        value::listen,
        "127.0.0.1:0",
        Some(SocketAddr::from(([127, 0, 0, 1], 0))),
    );
    check(value::index, "nas:7070", Some("http://nas:7070".to_owned()));
    check(
        value::index,
        "http://10.0.0.5",
        Some("http://10.0.0.5:7070".to_owned()),
    );
    check(
        value::index,
        "http://10.0.0.5:80/",
        Some("http://10.0.0.5:80".to_owned()),
    );
    check(
        value::index,
        "[::1]:7070",
        Some("http://[::1]:7070".to_owned()),
    );
    for bad in [
        "",
        "nas",
        "ftp://nas:1",
        "http://",
        "http://a/b",
        "http://u@h:1",
        "a b:1",
    ] {
        check(value::index, bad, None);
    }
}

#[test]
fn the_whole_machine_is_not_shared() {
    for whole in ["/", "//", "/..", "/home/..", "/home/../.."] {
        let remedy = value::share_folder(whole).unwrap_err();
        assert!(remedy.contains("whole machine"), "{whole}: {remedy}");
    }
    assert!(value::share_folder("/home/../srv").is_ok());
    let layers = Layers(vec![flags(&[("share", &["/srv", "/"])])]);
    let error = Config::check(&layers).unwrap_err();
    assert!(error.message.starts_with("--share is `/`"), "{error}");
}
