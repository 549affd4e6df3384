//! Bytes of files that never pass through this program: an answer holds a stand-in of the same
//! length, and where that leaves by the socket, the kernel sends the bytes of the file in its place.
//!
//! A stand-in is known by where it lies in memory, so whatever lies between answer and socket must
//! pass it on without copying it, as hyper does with the frames of a body when the stream under it
//! takes many parts in one write. A portion that does not fit what leaves ends the connection, and so
//! does a file that is no longer what was hashed: what was promised is never made up.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::share::FileStamp;
use crate::share::open::stamp_of;

/// The longest portion.
pub const PORTION_MAX_BYTES: usize = 256 * 1024;
/// An answer waits until its portion has left before it promises the next.
const PORTIONS_MAX_COUNT: usize = 4;

/// Never read and never written, so the kernel gives it no memory of its own.
static BLANK: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![0; PORTION_MAX_BYTES]));

/// A part of a file that is promised to a connection.
#[derive(Debug)]
pub struct Portion {
    /// The file.
    pub file: Arc<File>,
    /// What it must still be as its bytes leave; `None` for verified pieces, which no longer change.
    pub stamp: Option<FileStamp>,
    /// The first byte.
    pub offset: u64,
    /// How many bytes, at most [`PORTION_MAX_BYTES`].
    pub length: usize,
}

/// What one connection was promised and has not sent yet; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StandIns(Arc<Mutex<VecDeque<Leaving>>>);

/// A portion and how much of it has left.
#[derive(Debug)]
struct Leaving {
    portion: Portion,
    sent: usize,
}

impl StandIns {
    /// Promises a portion; yields what stands for it in the answer, in the order of the promises.
    ///
    /// # Errors
    /// When it is too long or too many are promised: the answer is no longer in step with the
    /// connection.
    pub fn promise(&self, portion: Portion) -> io::Result<Bytes> {
        let mut promised = self.lock();
        if portion.length > PORTION_MAX_BYTES || promised.len() >= PORTIONS_MAX_COUNT {
            return Err(out_of_step());
        }
        let stand_in = BLANK.slice(..portion.length);
        promised.push_back(Leaving { portion, sent: 0 });
        Ok(stand_in)
    }

    /// Sends of the file what `part` of an answer stands for; yields how many bytes have left.
    ///
    /// # Errors
    /// Of the socket, `WouldBlock` among them; when the file has changed or ends too soon.
    pub fn send(&self, part: &[u8], socket: impl AsFd) -> io::Result<usize> {
        let Some(mut leaving) = self.lock().pop_front() else {
            return Err(out_of_step());
        };
        let sent = leaving.send(part, socket);
        if let Ok(bytes) = sent {
            leaving.sent += bytes;
        }
        if leaving.sent < leaving.portion.length {
            self.lock().push_front(leaving);
        }
        sent
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Leaving>> {
        // A list is whole after every step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a part of an answer stands for bytes of a file.
pub fn is_stand_in(part: &[u8]) -> bool {
    place_of(part).is_some()
}

/// Where in the blank a part begins, if it lies there.
fn place_of(part: &[u8]) -> Option<usize> {
    let place = part
        .as_ptr()
        .addr()
        .checked_sub(BLANK.as_ptr().addr())
        .filter(|place| *place < PORTION_MAX_BYTES);
    place.filter(|_| !part.is_empty())
}

impl Leaving {
    fn send(&self, part: &[u8], socket: impl AsFd) -> io::Result<usize> {
        let Portion {
            file,
            stamp,
            offset,
            length,
        } = &self.portion;
        let left = length - self.sent;
        if place_of(part) != Some(self.sent) || part.len() != left {
            return Err(out_of_step());
        }
        if stamp.is_some_and(|stamp| !is_still(file, stamp)) {
            return Err(io::Error::other("the file is no longer what was hashed"));
        }
        let mut from = offset + self.sent as u64;
        match rustix::fs::sendfile(socket, file, Some(&mut from), left)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => Ok(bytes),
        }
    }
}

fn is_still(file: &File, stamp: FileStamp) -> bool {
    file.metadata()
        .is_ok_and(|metadata| stamp_of(&metadata) == stamp)
}

fn out_of_step() -> io::Error {
    io::Error::other("an answer and its connection are out of step")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    fn portion(file: &File, stamp: Option<FileStamp>, offset: u64, length: usize) -> Portion {
        let file = Arc::new(file.try_clone().unwrap());
        Portion {
            file,
            stamp,
            offset,
            length,
        }
    }

    #[test]
    fn what_was_promised_leaves_in_order_and_nothing_is_made_up() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&bytes).unwrap();
        let stamp = stamp_of(&file.metadata().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let out = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut into, _) = listener.accept().unwrap();

        let stand_ins = StandIns::default();
        let first = portion(&file, Some(stamp), 1000, 5000);
        let first = stand_ins.promise(first).unwrap();
        let second = portion(&file, None, 77, 3);
        let second = stand_ins.promise(second).unwrap();
        assert!(is_stand_in(&first) && is_stand_in(&first[4999..]));
        assert!(!is_stand_in(&[0; 5]) && !is_stand_in(&[]));
        for part in [&first[1..], &first[..10], &[0; 5000][..], &bytes[..5000]] {
            assert!(stand_ins.send(part, &out).is_err(), "it was not promised");
        }
        let mut left = first.clone();
        while !left.is_empty() {
            let sent = stand_ins.send(&left, &out).unwrap();
            left = left.slice(sent..);
        }
        assert_eq!(stand_ins.send(&second, &out).unwrap(), 3);
        assert!(stand_ins.send(&second, &out).is_err(), "once is enough");
        let mut got = vec![0; 5003];
        into.read_exact(&mut got).unwrap();
        assert_eq!(got, [&bytes[1000..6000], &bytes[77..80]].concat());

        let beyond = portion(&file, None, 400_000, 10);
        let beyond = stand_ins.promise(beyond).unwrap();
        assert!(stand_ins.send(&beyond, &out).is_err(), "it ends before");
        file.write_all(b"more").unwrap();
        let stand_ins = StandIns::default();
        let changed = portion(&file, Some(stamp), 0, 10);
        let changed = stand_ins.promise(changed).unwrap();
        assert!(stand_ins.send(&changed, &out).is_err(), "it has changed");
        let too_long = portion(&file, None, 0, PORTION_MAX_BYTES + 1);
        assert!(stand_ins.promise(too_long).is_err());
    }
}
