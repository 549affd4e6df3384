//! The rows of the sample network.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use protocol::category::Category;
use protocol::file::{ContentInfo, Source};
use protocol::hash::ContentHash;
use protocol::ids::{FileId, PeerId};

use crate::daemon::state::*;
use crate::daemon::state::{
    DownloadDetail, DownloadId, DownloadState, DownloadStatus, SourceState, SourceStatus,
};

pub(crate) fn hash(name: &str) -> ContentHash {
    ContentHash::of(name.as_bytes())
}

pub(crate) fn peer(name: &str) -> PeerId {
    PeerId::from_bytes(*hash(name).as_bytes())
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-24T{text}Z").parse().expect("a time")
}

pub(crate) const MIB: u64 = 1024 * 1024;

pub(crate) fn header() -> Header {
    Header {
        name: "desk".to_owned(),
        index: "http://192.168.1.5:7070".to_owned(),
        link: LinkState::Live,
        online_peers: 42,
        total_peers: 118,
        total_files: 88_123,
        down_rate: 13_002_342,
        up_rate: 1_153_433,
        down_history: vec![2, 3, 5, 5, 6, 7, 7, 6]
            .into_iter()
            .map(|n| n * MIB)
            .collect(),
        open_downloads: 4,
        active_uploads: 2,
        shared_files: 1_204,
        hashing_files: 0,
        share_folder: "/srv/peerdex/shared_files".to_owned(),
        down_limit: None,
        up_limit: Some(2 * MIB),
        join_hint: "peer-tui http://192.168.1.5:7070".to_owned(),
    }
}

pub(crate) fn result(name: &str, size_bytes: u64, sources: u64, own: Own) -> ResultRow {
    let owner = peer("nas-lena");
    ResultRow {
        hash: hash(name),
        file_id: FileId::of(&owner, &hash(name)),
        name: name.to_owned(),
        path: format!("iso/debian/{name}"),
        size_bytes,
        category: Category::Archive,
        sources,
        owner,
        owner_name: "nas-lena".to_owned(),
        latency_ms: Some(2 + u32::try_from(size_bytes % 97).expect("small")),
        reputation: u8::try_from((sources * 20).min(100)).expect("small"),
        own,
    }
}

pub(crate) fn results() -> Vec<ResultRow> {
    let mut rows = vec![
        result(
            "debian-13.1.0-amd64-netinst.iso",
            791_674_880,
            14,
            Own::Downloading { percent: 62 },
        ),
        result("debian-13.1.0-amd64-DVD-1.iso", 3_972_844_748, 9, Own::None),
        result(
            "debian-12.11.0-amd64-netinst.iso",
            702_545_920,
            7,
            Own::None,
        ),
        result(
            "debian-live-13.1.0-amd64-xfce.iso",
            3_435_973_836,
            5,
            Own::None,
        ),
        result("debian-13.1.0-arm64-netinst.iso", 747_634_688, 4, Own::None),
        result("debian-handbook.pdf", 14 * MIB, 3, Own::Shared),
        result("debian-reference.en.pdf", 2_202_009, 2, Own::Done),
        result(
            "日本語のとても長い名前のデビアン文書-2025-最終版.pdf",
            9 * MIB,
            2,
            Own::Queued,
        ),
        result("invoice_\u{202e}txt.exe debian", 96 * 1024, 0, Own::None),
        result("e\u{301}te\u{301}\u{1b}[31m debian.txt", 12, 1, Own::None),
    ];
    for number in 0..37 {
        rows.push(result(
            &format!("debian-archive-{number:02}.deb"),
            170_000 + number,
            1,
            Own::None,
        ));
    }
    rows
}

pub(crate) fn download(
    number: u64,
    name: &str,
    size: u64,
    percent: u64,
    state: DownloadState,
) -> DownloadStatus {
    let is_moving = state == DownloadState::Downloading;
    let is_done = state == DownloadState::Done;
    DownloadStatus {
        id: DownloadId(number),
        hash: hash(name),
        name: name.to_owned(),
        destination: PathBuf::from("/srv/incoming").join(name),
        size_bytes: size,
        done_bytes: size * percent / 100,
        rate_bytes: if is_moving { 8_598_323 } else { 0 },
        state,
        priority: 0,
        place: i64::try_from(1_u64).unwrap_or(i64::MAX),
        limit_bytes: None,
        added_at: at("12:01:00"),
        finished_at: is_done.then(|| at("11:58:00")),
        sources: if is_moving { (6, 14) } else { (0, 2) },
    }
}

pub(crate) fn transfers() -> Vec<TransferRow> {
    let no_source = DownloadState::NoSource {
        reason: "last source lena-laptop went offline 11:40".to_owned(),
    };
    vec![
        TransferRow::Down(download(
            1,
            "debian-13.1.0-amd64-netinst.iso",
            791_674_880,
            62,
            DownloadState::Downloading,
        )),
        TransferRow::Down(download(
            2,
            "Big Buck Bunny 2160p.mkv",
            1_900 * MIB,
            31,
            DownloadState::Downloading,
        )),
        TransferRow::Down(download(
            3,
            "lecture-notes-2025.zip",
            88 * MIB,
            7,
            DownloadState::Paused,
        )),
        TransferRow::Down(download(
            4,
            "ubuntu-25.10-desktop-amd64.iso",
            5_900 * MIB,
            0,
            DownloadState::Queued,
        )),
        TransferRow::Down(download(
            5,
            "old-backup.tar.zst",
            12_000 * MIB,
            88,
            no_source,
        )),
        TransferRow::Up {
            hash: hash("holiday-2024.zip"),
            name: "holiday-2024.zip".to_owned(),
            client: "marta".to_owned(),
            clients: 1,
            size_bytes: 640 * MIB,
            sent_bytes: 281 * MIB,
            rate_bytes: 900 * 1024,
        },
        TransferRow::Down(download(
            6,
            "ratatui-book.epub",
            3_250_000,
            100,
            DownloadState::Done,
        )),
    ]
}

pub(crate) const COUNTS: TransferCounts = TransferCounts {
    all: 7,
    downloading: 2,
    paused: 1,
    queued: 1,
    failed: 1,
    uploads: 1,
    done: 1,
};

pub(crate) fn detail(id: DownloadId) -> Option<Box<DownloadDetail>> {
    let status = transfers().into_iter().find_map(|row| match row {
        TransferRow::Down(status) if status.id == id => Some(status),
        _ => None,
    })?;
    let source =
        |name: &str, state, rate_bytes, has, gave_bytes, errors, reputation| SourceStatus {
            peer: peer(name),
            name: name.to_owned(),
            state,
            rate_bytes,
            has_pieces: (has, 3_020),
            gave_bytes,
            errors,
            reputation,
            reason: match state {
                SourceState::Corrupt => {
                    Some("sent wrong bytes for piece 7: never asked again".to_owned())
                }
                SourceState::Offline => Some("10.0.0.7:7071: connection refused".to_owned()),
                _ => None,
            },
        };
    let pieces = (0..3_020_u32).map(|piece| match piece {
        0..1_500 => '#',
        _ if piece % 7 == 0 => '~',
        2_900..2_902 => '!',
        _ if piece % 3 == 0 => '#',
        _ => '.',
    });
    Some(Box::new(DownloadDetail {
        status,
        piece_bytes: 256 * 1024,
        pieces: pieces.collect(),
        sources: vec![
            source(
                "nas-lena",
                SourceState::Sending,
                5_138_022,
                3_020,
                241 * MIB,
                0,
                100,
            ),
            source(
                "marta",
                SourceState::Sending,
                900 * 1024,
                2_400,
                66 * MIB,
                0,
                70,
            ),
            source("hugo", SourceState::Busy, 0, 3_020, 0, 0, 50),
            source("mirror-x", SourceState::Corrupt, 0, 3_020, 2 * MIB, 3, 5),
            source("lena-laptop", SourceState::Offline, 0, 3_020, 0, 0, 70),
        ],
        notes: vec!["mirror-x sent 3 pieces that did not match their hash".to_owned()],
    }))
}

fn share(key: &str, kind: ShareKind, depth: usize, files: u64, size_bytes: u64) -> ShareRow {
    ShareRow {
        key: key.to_owned(),
        kind,
        depth,
        name: key.rsplit('/').next().unwrap_or(key).to_owned(),
        path: format!("/srv/share/{key}"),
        is_open: kind != ShareKind::File && depth == 0,
        files,
        size_bytes,
        note: None,
        is_trouble: false,
        hash: (kind == ShareKind::File).then(|| hash(key)),
    }
}

pub(crate) fn shares() -> Vec<ShareRow> {
    let mut rows = vec![
        share("music", ShareKind::Root, 0, 812, 41_000 * MIB),
        share("music/2024", ShareKind::Folder, 1, 210, 11_000 * MIB),
        share("music/live set 014.flac", ShareKind::File, 1, 1, 310 * MIB),
        share("iso", ShareKind::Root, 0, 46, 88_000 * MIB),
        share(
            "iso/debian-13.1.0-amd64-netinst.iso",
            ShareKind::File,
            1,
            1,
            755 * MIB,
        ),
        share("films", ShareKind::Root, 0, 0, 0),
    ];
    rows[4].note = Some("62% partial".to_owned());
    rows[5].note = Some("not there".to_owned());
    rows[5].is_trouble = true;
    rows
}

pub(crate) fn peer_row(name: &str, latency_ms: Option<u32>, reputation: u8) -> PeerRow {
    PeerRow {
        id: peer(name),
        name: name.to_owned(),
        address: "203.0.113.9:7071".to_owned(),
        is_online: latency_ms.is_some(),
        is_me: name == "desk",
        is_verified: true,
        is_blocked: name == "mirror-x",
        last_seen: at("11:40:00"),
        latency_ms,
        latencies_ms: vec![latency_ms; 20],
        reputation,
        shared_files: 12_040,
        shared_bytes: 1_200_000 * MIB,
        got_bytes: 18_000 * MIB,
        gave_bytes: 0,
        version: "0.9.2".to_owned(),
        region: String::new(),
        down_limit: None,
        up_limit: None,
    }
}

pub(crate) fn peers() -> Vec<PeerRow> {
    vec![
        peer_row("desk", Some(0), 100),
        peer_row("nas-lena", Some(2), 100),
        peer_row("kiosk-07", Some(18), 90),
        peer_row("anna@vps", Some(97), 50),
        peer_row("mirror-x", Some(18), 5),
        peer_row("lena-laptop", None, 70),
    ]
}

pub(crate) fn browse_rows(folder: &str) -> Vec<BrowseRow> {
    if folder.is_empty() {
        return vec![
            BrowseRow::Folder {
                name: "iso".to_owned(),
                path: "iso".to_owned(),
                files: 46,
                size_bytes: 88_000 * MIB,
            },
            BrowseRow::File(result("readme.txt", 12, 3, Own::None)),
        ];
    }
    results().into_iter().map(BrowseRow::File).collect()
}

pub(crate) fn latencies() -> BTreeMap<PeerId, u32> {
    let near = [("nas-lena", 2), ("kiosk-07", 18), ("hugo", 120)];
    near.map(|(name, latency)| (peer(name), latency)).into()
}

pub(crate) fn content(hash: ContentHash) -> ContentInfo {
    let source = |name: &str, reputation, partial| Source {
        peer: peer(name),
        name: name.to_owned(),
        address: "203.0.113.9:7071".to_owned(),
        file_id: FileId::of(&peer(name), &hash),
        pieces_root: None,
        partial,
        is_online: name != "lena-laptop",
        reputation,
    };
    ContentInfo {
        hash,
        size: 791_674_880,
        pieces_root: None,
        names: vec!["debian-13-netinst.iso".to_owned(), "netinst.iso".to_owned()],
        sources: vec![
            source("nas-lena", 100, false),
            source("kiosk-07", 95, false),
            source("marta", 70, true),
            source("lena-laptop", 60, false),
        ],
    }
}
