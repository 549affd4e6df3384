//! The resume map: which pieces of an unfinished download are verified and safe, and what all of them
//! hash to.
//!
//! Written whole beside and renamed, with a checksum; taken away when it is read, so that it never
//! vouches for bytes that were written later.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use protocol::hash::{ContentHash, PiecesRoot};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// First bytes of the file; another version has others.
const HEADING: &[u8; 8] = b"pdxmap2\n";
/// Of the version before, which had no piece hashes.
const OLD_HEADING: &[u8; 8] = b"pdxmap1\n";
const CHECK_BYTES: usize = 32;

/// What the map says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Map {
    /// Root that the pieces were checked against.
    pub(super) root: PiecesRoot,
    /// Bit field of the verified pieces.
    pub(super) held: Vec<u8>,
    /// All piece hashes, 32 bytes each; none in a map of the version before.
    pub(super) pieces: Vec<u8>,
}

/// Where the map of `hash` lies.
pub(super) fn path(folder: &Path, hash: &ContentHash) -> PathBuf {
    folder.join(format!("{hash}.map"))
}

/// Reads the map and leaves it there; `None` when there is none, or it cannot be read.
pub(super) fn read(folder: &Path, hash: &ContentHash) -> Option<Map> {
    parse(&fs::read(path(folder, hash)).ok()?)
}

/// Reads the map and takes it away; `None` when there is none or it is damaged.
pub(super) fn take(folder: &Path, hash: &ContentHash) -> io::Result<Option<Map>> {
    let path = path(folder, hash);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    fs::remove_file(&path)?;
    File::open(folder)?.sync_all()?;
    Ok(parse(&bytes))
}

/// Writes the map, safe before it counts.
pub(super) fn write(folder: &Path, hash: &ContentHash, map: &Map) -> io::Result<()> {
    let path = path(folder, hash);
    let beside = path.with_extension("map.new");
    let mut file = File::create(&beside)?;
    file.write_all(&encode(map))?;
    file.sync_all()?;
    fs::rename(&beside, &path)?;
    File::open(folder)?.sync_all()
}

fn encode(map: &Map) -> Vec<u8> {
    let mut bytes = HEADING.to_vec();
    // Plain fields always serialise; an empty body would not be believed.
    bytes.extend(postcard::to_stdvec(map).unwrap_or_default());
    let check: [u8; CHECK_BYTES] = Sha256::digest(&bytes).into();
    bytes.extend(check);
    bytes
}

fn parse(bytes: &[u8]) -> Option<Map> {
    let (body, check) = bytes.split_last_chunk::<CHECK_BYTES>()?;
    if <[u8; CHECK_BYTES]>::from(Sha256::digest(body)) != *check {
        return None;
    }
    if let Some(old) = body.strip_prefix(OLD_HEADING) {
        let (root, held) = postcard::from_bytes(old).ok()?;
        let pieces = Vec::new();
        return Some(Map { root, held, pieces });
    }
    postcard::from_bytes(body.strip_prefix(HEADING)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_torn_or_bent_anywhere_is_not_believed() {
        let map = Map {
            root: PiecesRoot::from_bytes([7; 32]),
            held: vec![0xff, 0x80],
            pieces: vec![5; 9 * 32],
        };
        let whole = encode(&map);
        assert_eq!(parse(&whole), Some(map));
        for length in 0..whole.len() {
            assert_eq!(parse(&whole[..length]), None, "torn at {length}");
            let mut bent = whole.clone();
            bent[length] ^= 1;
            assert_eq!(parse(&bent), None, "bent at {length}");
        }
    }

    #[test]
    fn a_map_of_the_version_before_is_read() {
        let (root, held) = (PiecesRoot::from_bytes([7; 32]), vec![0x80_u8]);
        let mut bytes = OLD_HEADING.to_vec();
        bytes.extend(postcard::to_stdvec(&(root, &held)).unwrap());
        let check: [u8; CHECK_BYTES] = Sha256::digest(&bytes).into();
        bytes.extend(check);
        let pieces = Vec::new();
        assert_eq!(parse(&bytes), Some(Map { root, held, pieces }));
    }

    #[test]
    fn a_map_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let hash = ContentHash::of(b"x");
        let map = Map {
            root: PiecesRoot::from_bytes([7; 32]),
            held: vec![0x80],
            pieces: vec![5; 32],
        };
        write(folder.path(), &hash, &map).unwrap();
        assert_eq!(read(folder.path(), &hash).as_ref(), Some(&map));
        assert_eq!(take(folder.path(), &hash).unwrap(), Some(map));
        assert_eq!(take(folder.path(), &hash).unwrap(), None);
    }
}
