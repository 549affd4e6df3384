//! Every cap of the wire contract, with its unit in its name and its reason beside it.

/// A JSON body: 1 MiB holds the largest lookup (1,000 hashes of 67 bytes) fifteen times over.
pub const JSON_BODY_MAX_BYTES: usize = 1024 * 1024;
/// One line of an NDJSON batch: a path of 4 KiB, escaped six-fold, and 16 tags still fit.
pub const BATCH_LINE_MAX_BYTES: usize = 64 * 1024;
/// A file name: 255 bytes on disk, three-fold when each bad byte becomes U+FFFD, rounded up.
pub const FILE_NAME_MAX_BYTES: usize = 1024;
/// A share path: what Linux takes in one system call.
pub const SHARE_PATH_MAX_BYTES: usize = 4096;
/// Folders in a share path.
pub const SHARE_PATH_MAX_DEPTH: usize = 64;
/// One segment of a name written to disk (ext4, xfs, btrfs, NTFS).
pub const SAFE_NAME_MAX_BYTES: usize = 255;
/// A whole path written below the download folder.
pub const SAFE_PATH_MAX_BYTES: usize = 1024;
/// Folders in a path written below the download folder.
pub const SAFE_PATH_MAX_DEPTH: usize = 32;
/// A peer's name.
pub const PEER_NAME_MAX_BYTES: usize = 128;
/// A peer's region and version.
pub const PEER_TEXT_MAX_BYTES: usize = 64;
/// Tags of a record.
pub const TAGS_MAX_COUNT: usize = 16;
/// One tag.
pub const TAG_MAX_BYTES: usize = 64;
/// Names kept for one record of one owner: copies, hard links, and all that is empty.
pub const NAMES_PER_RECORD_MAX_COUNT: usize = 16_384;
/// Rows of a page where none is asked for.
pub const SEARCH_LIMIT_DEFAULT_COUNT: usize = 50;
/// Rows of a page at most.
pub const SEARCH_LIMIT_MAX_COUNT: usize = 200;
/// Up to here a search total is exact.
pub const SEARCH_EXACT_TOTAL_MAX_COUNT: u64 = 10_000;
/// Characters of a query.
pub const QUERY_MAX_CHARS: usize = 256;
/// Ranges that a peer's names are told apart in: at 100,000 names a changed one costs a page, and
/// the answer stays below 1 MiB with paths of 200 bytes.
pub const CATALOG_RANGES_MAX_COUNT: usize = 2_000;
/// Hashes of one lookup.
pub const LOOKUP_MAX_COUNT: usize = 1_000;
/// Contents of one answer: a question for so many is about half of the longest request head.
pub const CONTENTS_MAX_COUNT: usize = 128;
/// Changes of one request that are still pushed as single events.
pub const SINGLE_FILE_EVENTS_MAX_COUNT: usize = 20;
/// Life of a nonce.
pub const NONCE_LIFE_SECS: u64 = 60;
/// One message from a client on the feed.
pub const SOCKET_MESSAGE_MAX_BYTES: usize = 64 * 1024;
/// A text on the screen, in characters as a person counts them: wider than any terminal.
pub const SHOWN_TEXT_MAX_GRAPHEMES: usize = 1_024;
/// Marks shown on one base character: Vietnamese needs 2, pointed Hebrew 4.
pub const MARKS_MAX_COUNT: usize = 4;
/// Joiners shown in one run of joined characters: a family of emoji needs 3, with skin tones 5.
pub const JOINERS_MAX_COUNT: usize = 8;
/// Leaf of the Merkle tree (BEP 52).
pub const BLOCK_BYTES: u64 = 16 * 1024;
/// Smallest piece.
pub const PIECE_MIN_BYTES: u64 = 256 * 1024;
/// Largest piece: one piece is verified in memory, by one source.
pub const PIECE_MAX_BYTES: u64 = 1024 * 1024 * 1024;
/// Pieces of a file where its size allows: their list is then at most 128 KiB.
pub const PIECES_TARGET_MAX_COUNT: u64 = 4_096;
