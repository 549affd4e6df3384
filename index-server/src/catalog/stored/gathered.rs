//! Values written to whoever takes bytes, who gets many at a time: numbers and hashes come byte by byte.

use std::io::{self, Write};

use postcard::ser_flavors::Flavor;
use serde::Serialize;

/// Bytes that are handed on at once.
const GATHERED_BYTES: usize = 64 * 1024;

/// Writes a value as postcard.
///
/// # Errors
/// That of `out`.
pub fn write(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    let mut failure = None;
    let gathered = Gathered {
        bytes: Vec::with_capacity(GATHERED_BYTES),
        out,
        failure: &mut failure,
    };
    postcard::serialize_with_flavor(value, gathered)
        .map_err(|error| failure.unwrap_or_else(|| io::Error::other(error)))
}

struct Gathered<'o, W> {
    bytes: Vec<u8>,
    out: &'o mut W,
    /// What `out` said, which postcard has no place for.
    failure: &'o mut Option<io::Error>,
}

impl<W: Write> Gathered<'_, W> {
    #[inline]
    fn hand_on_if_full(&mut self) -> postcard::Result<()> {
        if self.bytes.len() < GATHERED_BYTES {
            return Ok(());
        }
        self.hand_on()
    }

    #[cold]
    fn hand_on(&mut self) -> postcard::Result<()> {
        let written = self.out.write_all(&self.bytes);
        self.bytes.clear();
        written.map_err(|error| {
            *self.failure = Some(error);
            postcard::Error::SerializeBufferFull
        })
    }
}

impl<W: Write> Flavor for Gathered<'_, W> {
    type Output = ();

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.bytes.extend_from_slice(bytes);
        self.hand_on_if_full()
    }

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.bytes.push(byte);
        self.hand_on_if_full()
    }

    fn finalize(mut self) -> postcard::Result<()> {
        self.hand_on()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes and no more.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = (self.0.checked_sub(bytes.len())).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_is_written_and_what_the_writer_says_is_told() {
        let value: Vec<u32> = (0..100_000).collect();
        let expected = postcard::to_stdvec(&value).expect("into memory");
        let mut bytes = Vec::new();
        write(&value, &mut bytes).expect("into memory");
        assert!(bytes == expected);
        for room in [0, GATHERED_BYTES, expected.len() - 1] {
            let error = write(&value, &mut Full(room)).expect_err("no room");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{room}");
        }
        write(&value, &mut Full(expected.len())).expect("just room");
    }
}
