//! Plain files that the programs embed: example configuration, service files, the dashboard.
//!
//! Knows nothing of either program. The files lie beside this crate, so that a packager finds them.

/// Example configuration of `index-server`, TOML; every key commented out.
pub const INDEX_SERVER_TOML: &str = include_str!("../config/index-server.toml");
/// Example configuration of `peer-tui`, TOML; every key commented out.
pub const PEER_TUI_TOML: &str = include_str!("../config/peer-tui.toml");
/// System service of the index for systemd.
pub const INDEX_SERVER_SERVICE: &str = include_str!("../systemd/index-server.service");
/// User service of a peer for systemd.
pub const PEER_TUI_SERVICE: &str = include_str!("../systemd/peer-tui.service");

/// The dashboard of the index: HTML in which style and script are still to be put.
const DASHBOARD_PAGE: &str = include_str!("../dashboard/page.html");
/// Its style.
pub const DASHBOARD_STYLE: &str = include_str!("../dashboard/style.css");
/// Its script, whose parts rest on those before them.
pub const DASHBOARD_SCRIPT: &str = concat!(
    include_str!("../dashboard/words.js"),
    include_str!("../dashboard/calls.js"),
    include_str!("../dashboard/files.js"),
    include_str!("../dashboard/peers.js"),
    include_str!("../dashboard/live.js"),
    include_str!("../dashboard/start.js"),
);

/// The dashboard as one page that needs nothing else.
pub fn dashboard() -> String {
    DASHBOARD_PAGE
        .replace("{{STYLE}}", DASHBOARD_STYLE)
        .replace("{{SCRIPT}}", DASHBOARD_SCRIPT)
}

/// The keys that an example configuration shows, in its order: what a program's own test compares
/// with the settings it has.
pub fn keys_of(example: &str) -> impl Iterator<Item = &str> {
    example.lines().filter_map(|line| {
        let (key, _) = line.strip_prefix('#')?.split_once(" = ")?;
        let is_key = key
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        (is_key && !key.is_empty()).then_some(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_changes_nothing_as_it_stands() {
        for example in [INDEX_SERVER_TOML, PEER_TUI_TOML] {
            for line in example.lines() {
                assert!(
                    line.is_empty() || line.starts_with('#'),
                    "{line:?} is not commented out"
                );
            }
        }
    }

    #[test]
    fn the_dashboard_is_whole_and_never_makes_markup_of_a_text() {
        let page = dashboard();
        assert!(!page.contains("{{") && page.contains("use strict"));
        for tag in ["</style>", "</script>"] {
            assert_eq!(page.matches(tag).count(), 1, "{tag}");
        }
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "style=",
            "onclick=",
            "http://",
            "https://",
        ] {
            let found = page.lines().find(|line| {
                line.contains(way) && !line.contains("www.w3.org") && !line.contains("THIS-HOST")
            });
            assert_eq!(found, None, "{way}");
        }
    }

    #[test]
    fn every_key_of_an_example_is_explained_once() {
        for example in [INDEX_SERVER_TOML, PEER_TUI_TOML] {
            let mut keys: Vec<_> = keys_of(example).collect();
            assert!(keys.len() > 5, "{keys:?}");
            keys.sort_unstable();
            let count = keys.len();
            keys.dedup();
            assert_eq!(keys.len(), count, "a key stands twice");
            let mut last = "";
            for line in example.lines() {
                let is_key = keys_of(line).next().is_some();
                assert!(!is_key || !last.is_empty(), "{line} is not explained");
                last = line;
            }
        }
    }

    #[test]
    fn a_service_is_restarted_and_started_at_boot() {
        for service in [INDEX_SERVER_SERVICE, PEER_TUI_SERVICE] {
            for line in ["[Unit]", "[Service]", "Restart=on-failure", "[Install]"] {
                assert!(
                    service.lines().any(|found| found == line),
                    "{line} is missing"
                );
            }
        }
    }
}
