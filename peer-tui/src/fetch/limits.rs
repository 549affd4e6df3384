//! How patiently: the times that a source and a download have.

use std::time::Duration;

/// How long a source may take before its piece goes to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Until it has accepted the connection.
    pub connect: Duration,
    /// From the request to the first byte of the answer.
    pub first_byte: Duration,
    /// The stretch over which its speed is judged.
    pub slow_window: Duration,
    /// Bytes that must come in such a stretch (16 KiB/s over 10 s).
    pub slow_bytes: u64,
    /// First wait after a source failed; doubles with each failure in a row.
    pub failure: Duration,
    /// Between looks at the index for more sources while bytes arrive.
    pub look_again: Duration,
    /// First wait of a download that nobody has; doubles up to `no_source_max`.
    pub no_source_min: Duration,
    /// Longest wait of a download that nobody has.
    pub no_source_max: Duration,
    /// How long a cancelled download can be taken back.
    pub undo: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(10),
            slow_window: Duration::from_secs(10),
            slow_bytes: 160 * 1024,
            failure: Duration::from_secs(1),
            look_again: Duration::from_secs(30),
            no_source_min: Duration::from_secs(5),
            no_source_max: Duration::from_mins(1),
            undo: Duration::from_secs(10),
        }
    }
}
