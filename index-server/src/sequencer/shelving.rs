//! When what the index holds is put on the shelf: often enough that a start finds little in the
//! journal and damage to it costs little, rarely enough that merged segments are not written again
//! and again. Pure.

/// So much is put on the shelf at once at least: half a second's work for a start that finds it in
/// the journal instead.
const BUSY_MIN_BYTES: u64 = 16 * 1024 * 1024;
/// And at least one part in so many of all: merged segments are written anew, and an index that
/// grows should not be busy with that.
const BUSY_SHARE: u64 = 4;
/// While many segments are merged that would be written for nothing, it is put off until so many
/// times as much has come.
const MERGING_FACTOR: u64 = 2;
/// While nothing comes, less is enough: a few hundred files, or a few thousand downloads counted.
const CALM_MIN_BYTES: u64 = 64 * 1024;
/// And at least one part in so many of all, since merging at rest writes most of it anew...
const CALM_SHARE: u64 = 16;
/// ... up to so much.
const CALM_MAX_BYTES: u64 = 1024 * 1024;

/// What the index is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Something has just come, or may come.
    Busy,
    /// Little comes for a while.
    Calm,
    /// It ends.
    End,
}

/// What the journal holds and the shelf does not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unshelved {
    /// Bytes of it.
    pub(super) bytes: u64,
    /// Bytes of all that the journal holds.
    pub(super) all_bytes: u64,
    /// Whether there is no shelf at all.
    pub(super) is_first: bool,
}

impl Unshelved {
    /// Whether it is to be put on the shelf now.
    pub(super) fn is_due(self, moment: Moment, is_merging: bool) -> bool {
        let busy = BUSY_MIN_BYTES.max(self.all_bytes / BUSY_SHARE);
        let most_kept_back = match (moment, is_merging) {
            (Moment::End, _) => 0,
            (Moment::Calm, _) if self.is_first => 0,
            (Moment::Calm, _) => {
                CALM_MIN_BYTES.max((self.all_bytes / CALM_SHARE).min(CALM_MAX_BYTES))
            }
            (Moment::Busy, true) => busy * MERGING_FACTOR,
            (Moment::Busy, false) => busy,
        };
        self.bytes > most_kept_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;

    fn check(bytes: u64, all_bytes: u64, moment: Moment, expected: bool) {
        let unshelved = Unshelved {
            bytes,
            all_bytes,
            is_first: false,
        };
        assert_eq!(unshelved.is_due(moment, false), expected, "{unshelved:?}");
    }

    #[test]
    fn at_the_end_everything_goes_there_and_nothing_is_written_for_nothing() {
        check(1, 200 * MIB, Moment::End, true);
        check(0, 200 * MIB, Moment::End, false);
    }

    #[test]
    fn at_rest_single_downloads_wait_and_a_few_hundred_files_do_not() {
        check(64 * KIB, 64 * KIB, Moment::Calm, false);
        check(64 * KIB + 1, 200 * KIB, Moment::Calm, true);
        check(500 * KIB, 8 * MIB, Moment::Calm, false);
        check(MIB, 200 * MIB, Moment::Calm, false);
        check(MIB + 1, 200 * MIB, Moment::Calm, true);
    }

    #[test]
    fn the_first_thing_at_all_goes_there_once_it_is_calm() {
        let first = |bytes| Unshelved {
            bytes,
            all_bytes: bytes,
            is_first: true,
        };
        assert!(first(1).is_due(Moment::Calm, true));
        assert!(!first(0).is_due(Moment::Calm, false));
        assert!(!first(1).is_due(Moment::Busy, false));
    }

    #[test]
    fn while_much_comes_it_waits_for_much_and_for_merges() {
        check(16 * MIB, 16 * MIB, Moment::Busy, false);
        check(16 * MIB + 1, 20 * MIB, Moment::Busy, true);
        check(40 * MIB, 200 * MIB, Moment::Busy, false);
        let much = Unshelved {
            bytes: 60 * MIB,
            all_bytes: 200 * MIB,
            is_first: false,
        };
        assert!(much.is_due(Moment::Busy, false) && !much.is_due(Moment::Busy, true));
    }
}
