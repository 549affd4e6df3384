//! The walls of ARCHITECTURE.md: which part of the workspace may not name which other part.

use crate::source::Source;

/// A part of the workspace and what its code may not name. Test code is free.
pub struct Wall {
    /// Files below these paths (`x/y` is `x/y.rs` and all of `x/y/`).
    pub within: &'static [&'static str],
    /// But not these.
    pub except: &'static [&'static str],
    /// Paths that may not be named, nor anything below them.
    pub forbids: &'static [&'static str],
    /// Why, and where the code belongs instead.
    pub remedy: &'static str,
}

/// Every wall.
pub const ALL: &[Wall] = &[
    Wall {
        within: &["protocol/src"],
        except: &[],
        forbids: &[
            "tokio",
            "warp",
            "hyper",
            "reqwest",
            "std::fs",
            "std::process",
            "std::thread",
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::UdpSocket",
            "std::time::Instant",
            "std::time::SystemTime",
            "jiff::Timestamp::now",
            "index_server",
            "peer_tui",
        ],
        remedy: "protocol is values in, values out: take what is read as an argument",
    },
    Wall {
        within: &["assets/src"],
        except: &[],
        forbids: &["protocol", "index_server", "peer_tui"],
        remedy: "assets are plain files that know neither program",
    },
    Wall {
        within: &["index-server/src", "index-server/tests"],
        except: &[],
        forbids: &["peer_tui", "ratatui", "crossterm"],
        remedy: "the index knows peers only through the wire: what both need goes to protocol",
    },
    Wall {
        within: &["index-server/src/http"],
        except: &[],
        forbids: &["crate::record", "crate::journal"],
        remedy: "http asks the sequencer to change and the view to read",
    },
    Wall {
        within: &["index-server/src/sequencer"],
        except: &[],
        forbids: &["crate::http", "warp", "hyper", "http"],
        remedy: "the sequencer takes commands and gives outcomes: statuses are made in http/problem",
    },
    Wall {
        within: &[
            "index-server/src/decide",
            "index-server/src/record",
            "index-server/src/world",
        ],
        except: &[],
        forbids: &[
            "tokio",
            "warp",
            "crate::http",
            "crate::journal",
            "crate::clock",
            "std::fs",
            "std::time::Instant",
            "std::time::SystemTime",
            "jiff::Timestamp::now",
        ],
        remedy: "deciding and applying are functions of (input, world, now): pass what is needed in",
    },
    Wall {
        within: &["index-server/src/catalog"],
        except: &[],
        forbids: &["crate::http", "crate::journal", "warp"],
        remedy: "the catalog answers queries over its own view; liveness reaches it as a flag",
    },
    Wall {
        within: &["index-server/src/feed"],
        except: &[],
        forbids: &["crate::journal", "crate::decide", "crate::sequencer"],
        remedy: "the feed hands on what it is told and does not ask how it came about",
    },
    Wall {
        within: &["peer-tui/src"],
        except: &["peer-tui/src/host"],
        forbids: &["index_server"],
        remedy: "only peer-tui/src/host.rs may hold an index: all else speaks to it over the wire",
    },
    Wall {
        within: &["peer-tui/src"],
        except: &["peer-tui/src/tui", "peer-tui/src/cli", "peer-tui/src/main"],
        forbids: &["ratatui", "crossterm", "crate::tui"],
        remedy: "the engine knows no screen: put what it shows into daemon/state",
    },
    Wall {
        within: &["peer-tui/src/tui"],
        except: &[],
        forbids: &[
            "crate::share",
            "crate::serve",
            "crate::fetch",
            "crate::index_client",
            "reqwest",
        ],
        remedy: "the screen is only a client: ask for it with daemon/command, read it in daemon/state",
    },
    Wall {
        within: &["peer-tui/src/share"],
        except: &[],
        forbids: &[
            "crate::serve",
            "crate::fetch",
            "crate::index_client",
            "warp",
            "hyper",
            "reqwest",
            "tokio::net",
            "std::net",
        ],
        remedy: "share looks at disks: what it finds is sent on by index_client/publish",
    },
    Wall {
        within: &["peer-tui/src/serve"],
        except: &[],
        forbids: &["crate::fetch"],
        remedy: "serve hands out what the share and the verified pieces hold, behind one interface",
    },
    Wall {
        within: &["peer-tui/src/fetch"],
        except: &[],
        forbids: &["crate::tui"],
        remedy: "fetch tells its progress to daemon/state",
    },
];

impl Wall {
    /// Whether the file lies inside.
    pub fn encloses(&self, source: &Source) -> bool {
        let below = |wall: &&str| {
            let rest = source.path.strip_prefix(*wall);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        self.within.iter().any(below) && !self.except.iter().any(below)
    }
}

/// Every path in the file that goes through a wall.
pub fn crossings(source: &Source) -> Vec<String> {
    let paths = source.paths();
    let mut found = Vec::new();
    for wall in ALL.iter().filter(|wall| wall.encloses(source)) {
        for path in &paths {
            if source.is_test_line(path.line) {
                continue;
            }
            let crossed = wall.forbids.iter().find(|forbidden| {
                let rest = path.text.strip_prefix(*forbidden);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            });
            if let Some(forbidden) = crossed {
                let what = format!("names `{forbidden}`: {}", wall.remedy);
                found.push(source.violation(path.line, &what));
            }
        }
    }
    found
}
