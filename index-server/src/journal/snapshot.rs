//! How much a journal holds, and when it is time to put a snapshot in the place of its tail.

use serde::{Deserialize, Serialize};

/// Below this a tail is read back in a blink: some 100,000 files.
const TAIL_MIN_BYTES: u64 = 16 * 1024 * 1024;

/// Below this likewise; small records cost more each than their bytes tell.
const TAIL_MIN_RECORDS: u64 = 100_000;

/// Records and bytes of a journal's two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sizes {
    /// Records of the snapshot.
    pub snapshot_records: u64,
    /// Their bytes.
    pub snapshot_bytes: u64,
    /// Records appended since.
    pub tail_records: u64,
    /// Their bytes.
    pub tail_bytes: u64,
}

impl Sizes {
    /// Whether the tail has outgrown the snapshot: the work of compacting is then at most of the
    /// order of the work that made the tail.
    pub fn is_compaction_due(&self) -> bool {
        self.tail_bytes > TAIL_MIN_BYTES.max(self.snapshot_bytes)
            || self.tail_records > TAIL_MIN_RECORDS.max(self.snapshot_records.saturating_mul(4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(snapshot_bytes: u64, tail_bytes: u64, tail_records: u64, expected: bool) {
        let sizes = Sizes {
            snapshot_records: 10,
            snapshot_bytes,
            tail_records,
            tail_bytes,
        };
        assert_eq!(sizes.is_compaction_due(), expected, "{sizes:?}");
    }

    #[test]
    fn a_tail_is_compacted_once_it_outgrows_the_snapshot() {
        const MIB: u64 = 1024 * 1024;
        check(0, 0, 0, false);
        check(0, 16 * MIB, 10, false);
        check(0, 16 * MIB + 1, 10, true);
        check(200 * MIB, 150 * MIB, 10, false);
        check(200 * MIB, 201 * MIB, 10, true);
        check(200 * MIB, MIB, 100_001, true);
    }
}
