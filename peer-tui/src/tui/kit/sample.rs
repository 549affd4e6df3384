//! A busy network for screens: what a daemon would say.

mod rows;

pub(crate) use rows::*;

use crate::daemon::command::{Watch, Window};
use crate::daemon::state::*;

/// Cuts a window out of all rows.
pub(crate) fn cut<R: Clone>(rows: &[R], window: Window) -> (usize, Vec<R>) {
    let first = window.first.min(rows.len());
    let end = (first + window.count).min(rows.len());
    (first, rows[first..end].to_vec())
}

/// What the daemon of the sample network answers to a watch.
pub(crate) fn answer(watch: &Watch) -> Update {
    let mut update = Update {
        header: Some(header()),
        ..Update::default()
    };
    if watch.dock_rows > 0 {
        update.dock = Some(Dock {
            rows: transfers().into_iter().take(watch.dock_rows).collect(),
            counts: COUNTS,
        });
    }
    if let Some(search) = &watch.search {
        let query = search.query.to_lowercase();
        let found: Vec<ResultRow> = results()
            .into_iter()
            .filter(|row| row.name.to_lowercase().contains(&query))
            .collect();
        update.results = Some(found_results(search.generation, &found, search.window));
    }
    if let Some(wanted) = &watch.transfers {
        let (first, rows) = cut(&transfers(), wanted.window);
        update.transfers = Some(Transfers {
            first,
            rows,
            total: transfers().len(),
            counts: COUNTS,
            speed: wanted.with_speed.then(|| Speed {
                taken: 300,
                samples: (0..300_u64)
                    .map(|n| ((n * n) % (20 * MIB) + n * 40_000, n * 1_000))
                    .collect(),
            }),
            disk_free_bytes: Some(1_200_000 * MIB),
            slots: (2, 64),
        });
    }
    update.transfer = watch.transfer.and_then(detail);
    if let Some(wanted) = &watch.shares {
        let (first, rows) = cut(&shares(), wanted.window);
        update.shares = Some(Shares {
            first,
            rows,
            total: shares().len(),
            files: 1_204,
            bytes: 218_000 * MIB,
            found_files: 1_250,
            hashing_files: 46,
            hashing_bytes: 3_000 * MIB,
            hash_rate: 900 * MIB,
            uploads: 2,
            troubles: vec![(
                "/srv/share/films".to_owned(),
                "not there; its files are hidden until it is back".to_owned(),
            )],
        });
    }
    if let Some(wanted) = &watch.peers {
        let (first, rows) = cut(&peers(), wanted.window);
        update.peers = Some(Peers {
            first,
            rows,
            total: peers().len(),
            counts: (42, 118, 40, 2),
        });
    }
    if let Some(wanted) = &watch.log {
        let mut window = wanted.window;
        if wanted.is_following {
            window.first = log().len().saturating_sub(window.count);
        }
        let (first, rows) = cut(&log(), window);
        update.log = Some(Log {
            first,
            rows,
            total: log().len(),
        });
    }
    if let Some(wanted) = &watch.browse {
        let all = browse_rows(&wanted.folder);
        let (first, rows) = cut(&all, wanted.window);
        update.browse = Some(Browse {
            peer: wanted.peer,
            peer_name: "nas-lena".to_owned(),
            folder: wanted.folder.clone(),
            first,
            rows,
            total: all.len(),
            is_loading: false,
            trouble: None,
        });
    }
    update.content = watch.content.map(content);
    let has_closely = update.content.is_some() || update.transfer.is_some();
    update.latencies = has_closely.then(latencies);
    update
}

/// An answer to a search.
pub(crate) fn found_results(generation: u64, rows: &[ResultRow], window: Window) -> Results {
    let (first, shown) = cut(rows, window);
    Results {
        generation,
        first,
        rows: shown,
        total: rows.len() as u64,
        total_is_exact: true,
        corrected: None,
        is_cut: false,
        took_us: 2_600,
        trouble: None,
    }
}

pub(crate) fn log() -> Vec<LogRow> {
    let row = |number: u64, level: &str, text: &str| LogRow {
        number,
        at: "2026-11-24T12:00:00Z".parse().expect("a time"),
        level: level.to_owned(),
        text: text.to_owned(),
    };
    let mut rows = vec![
        row(
            1,
            "info",
            "found the index http://192.168.1.5:7070 on the local network",
        ),
        row(
            2,
            "warn",
            "mirror-x sent 3 pieces that did not match their hash",
        ),
        row(
            3,
            "error",
            "write /srv/incoming/old-backup.tar.zst: no space left on device",
        ),
    ];
    for number in 4..60 {
        rows.push(row(number, "info", &format!("shared file-{number:03}.bin")));
    }
    rows
}
