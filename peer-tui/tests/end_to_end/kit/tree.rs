//! Files to share: folders, odd names, every size from nothing on; the same for the same seed.

use super::Peer;

/// The size of the one large file.
pub const LARGE_BYTES: usize = 64 * 1024 * 1024;

/// Bytes that look random and follow from a seed.
pub fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = Vec::with_capacity(bytes + 8);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise.truncate(bytes);
    noise
}

/// Folders that the files of a tree are spread over.
const FOLDERS: [&str; 6] = [
    "",
    "docs/",
    "docs/deep/er/",
    "música/",
    "写真/2025/",
    "a b/c.d/",
];

/// Writes `count` files of `peer`, whose names no other seed has; their paths and contents.
pub fn plant(peer: &Peer, seed: u64, count: u64) -> Vec<(String, Vec<u8>)> {
    (0..count)
        .map(|number| {
            let folder = FOLDERS[usize::try_from(number).unwrap_or_default() % FOLDERS.len()];
            let path = format!("{folder}{} s{seed}n{number:03}.bin", word(number));
            let size =
                usize::try_from(number * number % 7 * 9_973 + number + 1).unwrap_or_default();
            let bytes = noise(seed * 1000 + number, size);
            peer.write(&path, &bytes);
            (path, bytes)
        })
        .collect()
}

fn word(number: u64) -> &'static str {
    const WORDS: [&str; 5] = [
        "Überblick",
        "report",
        "夜の電車",
        "naïve-draft_",
        "o'brien & co",
    ];
    WORDS[usize::try_from(number).unwrap_or_default() % WORDS.len()]
}
