//! The demo's files: names as people have them, every kind, sizes from nothing to some dozen MiB,
//! and contents that are the same at every start.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Who has it (a bit a peer), path, bytes.
type Sample = (u8, &'static str, u64);

const YOU: u8 = 1;
const NAS: u8 = 2;
const KIOSK: u8 = 4;
const MARTA: u8 = 8;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// About 120 MiB over all peers. One content is held by three of them, some by two, under one name
/// or several.
const SAMPLES: &[Sample] = &[
    (YOU, "notes/meeting 2026-03-02.md", 4 * KIB),
    (YOU, "notes/todo.txt", 900),
    (YOU, "photos/2025/harbour at dawn.jpg", 2 * MIB + 311),
    (YOU | MARTA, "photos/2025/Grüße aus Wien.jpg", MIB + 77),
    (
        NAS | KIOSK | MARTA,
        "iso/debian-13.1.0-amd64-netinst.iso",
        24 * MIB + 513,
    ),
    (NAS, "iso/alpine-3.22-x86_64.iso", 9 * MIB),
    (NAS, "iso/SHA256SUMS", 166),
    (NAS | KIOSK, "video/Big Buck Bunny 720p.mkv", 14 * MIB + 1),
    (NAS, "video/holiday 2024/01 arrival.mp4", 5 * MIB + 4_096),
    (NAS, "video/holiday 2024/02 the lake.mp4", 6 * MIB),
    (NAS, "video/holiday 2024/03 départ.mp4", 3 * MIB + 17),
    (NAS, "music/live set 014.flac", 8 * MIB + 9),
    (NAS, "music/2024/01 - Morning.flac", 3 * MIB),
    (NAS, "music/2024/02 - Nachtzug.flac", 2 * MIB + 5),
    (NAS, "backup/old-backup.tar.zst", 4 * MIB + 3),
    (KIOSK, "books/ratatui-book.epub", 311 * KIB),
    (KIOSK, "books/debian-handbook.pdf", 2 * MIB + 7),
    (KIOSK | MARTA, "books/lecture-notes-2025.zip", 1_500 * KIB),
    (KIOSK, "data/weather-stations.csv", 700 * KIB),
    (KIOSK, "data/observations.parquet", 3 * MIB),
    (KIOSK, "tools/setup-kiosk.sh", 2 * KIB),
    (KIOSK, "tools/backup-agent_2.1_amd64.deb", 900 * KIB),
    (MARTA, "music/Übungsraum – Demo.mp3", 2 * MIB + 3),
    (MARTA, "music/音楽/夜の電車.mp3", MIB + 811),
    (MARTA, "writing/thesis draft 7 (final).odt", 84 * KIB),
    (MARTA, "writing/thesis draft 8 (really final).odt", 85 * KIB),
    (MARTA, "pictures/map.svg", 33 * KIB),
    (MARTA, "pictures/empty placeholder.png", 0),
    (MARTA, "README", 210),
];

/// How many files all peers share together.
pub fn count() -> u64 {
    let holders = SAMPLES.iter().map(|(owners, ..)| owners.count_ones());
    holders.map(u64::from).sum()
}

/// Writes the files of peer `number` below `folder`.
///
/// # Errors
/// When one cannot be written.
pub fn write(folder: &Path, number: usize) -> std::io::Result<()> {
    for (owners, path, bytes) in SAMPLES {
        if owners & (1 << number) != 0 {
            let target = folder.join(path);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            write_file(&target, path, *bytes)?;
        }
    }
    Ok(())
}

/// Text where the name says text, else bytes that look random: the same for the same path.
fn write_file(target: &Path, path: &str, bytes: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(64 * 1024, File::create(target)?);
    let is_text = [".md", ".txt", ".csv", ".sh", ".svg", "README", "SUMS"]
        .iter()
        .any(|ending| path.ends_with(ending));
    let mut noise = Noise::of(path);
    let mut left = bytes;
    while left > 0 {
        let part = if is_text { noise.line() } else { noise.block() };
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(part.len());
        out.write_all(&part[..wanted])?;
        left -= wanted as u64;
    }
    out.flush()
}

/// Numbers that follow from a name (xorshift64*).
struct Noise(u64);

impl Noise {
    fn of(name: &str) -> Self {
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |seed, byte| {
            (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn block(&mut self) -> Vec<u8> {
        let mut block = Vec::with_capacity(32 * 1024);
        while block.len() < 32 * 1024 {
            block.extend_from_slice(&self.next().to_le_bytes());
        }
        block
    }

    fn line(&mut self) -> Vec<u8> {
        const WORDS: [&str; 8] = [
            "peers",
            "share",
            "verified",
            "pieces",
            "while",
            "everybody",
            "goes",
            "on",
        ];
        let mut line = String::new();
        for _ in 0..8 {
            let word = usize::try_from(self.next() % 8).unwrap_or_default();
            line.push_str(WORDS[word]);
            line.push(' ');
        }
        line.push('\n');
        line.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_peers_hold_one_content_and_every_start_makes_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let read = |peer: &str| {
            let path = folder
                .path()
                .join(peer)
                .join("iso/debian-13.1.0-amd64-netinst.iso");
            fs::read(path).unwrap()
        };
        for (number, peer) in ["a", "b", "c"].into_iter().enumerate() {
            write(&folder.path().join(peer), number + 1).unwrap();
        }
        assert!(read("a") == read("b") && read("b") == read("c"));
        assert_eq!(read("a").len() as u64, 24 * MIB + 513);
        let empty = folder.path().join("c/pictures/empty placeholder.png");
        assert_eq!(fs::metadata(empty).unwrap().len(), 0);
        let per_peer = |bit: u8| -> u64 {
            let mine = SAMPLES.iter().filter(|(owners, ..)| owners & bit != 0);
            mine.map(|(.., bytes)| bytes).sum()
        };
        let total: u64 = [YOU, NAS, KIOSK, MARTA].into_iter().map(per_peer).sum();
        assert!((100 * MIB..200 * MIB).contains(&total), "{total}");
    }
}
