//! Files to send: bytes that no program can pack or guess, the same in every run.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::Failure;

/// Bytes of the pieces that rivals check.
pub const PIECE_BYTES: usize = 1 << 20;

/// One file and what it hashes to.
pub struct Sample {
    /// Whole-file hash.
    pub hash: String,
    /// Hashes of its pieces of [`PIECE_BYTES`].
    pub pieces: Vec<String>,
    /// Bytes.
    pub size_bytes: u64,
}

/// Writes one file of so many MiB.
pub fn large(path: &Path, mib: u64) -> Result<Sample, Failure> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut block = vec![0; PIECE_BYTES];
    let (mut whole, mut pieces) = (Sha256::new(), Vec::new());
    for _ in 0..mib {
        random.fill(&mut block);
        whole.update(&block);
        pieces.push(HEXLOWER.encode(&Sha256::digest(&block)));
        file.write_all(&block)?;
    }
    file.flush()?;
    Ok(Sample {
        hash: HEXLOWER.encode(&whole.finalize()),
        pieces,
        size_bytes: mib * PIECE_BYTES as u64,
    })
}

/// Writes so many files of 16 KiB, a hundred a folder; their paths.
pub fn small(folder: &Path, files: u64) -> Result<Vec<String>, Failure> {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut block = vec![0; 16 * 1024];
    let mut paths = Vec::new();
    for number in 0..files {
        let below = format!("{:03}", number / 100);
        if number % 100 == 0 {
            fs::create_dir_all(folder.join(&below))?;
        }
        let path = format!("{below}/file-{number:05}.bin");
        random.fill(&mut block);
        fs::write(folder.join(&path), &block)?;
        paths.push(path);
    }
    Ok(paths)
}

struct Random(u64);

impl Random {
    fn fill(&mut self, block: &mut [u8]) {
        for word in block.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes()[..word.len()]);
        }
    }
}
