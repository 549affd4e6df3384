//! A part of one file on its way to a client, a chunk whenever the connection asks for one: counted,
//! and cut when the file stops being what was hashed.
//!
//! A chunk that is in memory already can be sent by the kernel itself (see `stand_in`), where the
//! client checks what it gets or the bytes cannot change: until a client has taken them, bytes that
//! were sent so follow what is written into the file. All others are read first. Memory a stream: one
//! chunk.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use futures::Stream;
use protocol::byte_range::ByteRange;
use rustix::io::{ReadWriteFlags, preadv2};

use super::buffers::{Buffer, Buffers};
use super::medium::Medium;
use super::open_files::OpenContent;
use super::outlet::Outlet;
use super::slots::Slot;
use super::stand_in::Portion;
use super::stream::{Cut, pace, step};
use super::uploads::Sending;
use crate::rate::RateLimit;
use crate::share::FileStamp;
use crate::share::open::stamp_of;

/// A stream about to start.
#[derive(Debug)]
pub struct Source {
    /// The open file.
    pub content: OpenContent,
    /// What it must still be when the last byte goes out; `None` for verified pieces, which no
    /// longer change.
    pub stamp: Option<FileStamp>,
    /// Which bytes.
    pub range: ByteRange,
    /// Whether the client says that it checks the bytes.
    pub is_checked: bool,
    /// Over all uploads, and of this client.
    pub limits: [RateLimit; 2],
    /// Counts what is sent.
    pub sending: Sending,
    /// Held until the last chunk is handed over.
    pub slot: Option<Slot>,
    /// Where to.
    pub outlet: Outlet,
    /// Memory for chunks.
    pub buffers: Buffers,
}

/// The bytes of `source`; `on_end` learns how many went out, and why it was cut, if it was.
pub fn start<E>(
    source: Source,
    on_end: E,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static
where
    E: FnOnce(u64, Option<Cut>) + Send + Sync + 'static,
{
    let flow = Flow {
        at: source.range.first(),
        end: source.range.last() + 1,
        source,
        sent_bytes: 0,
        cut: None,
        on_end: Some(on_end),
    };
    futures::stream::unfold(flow, |mut flow| async move {
        let chunk = flow.next().await?;
        Some((chunk, flow))
    })
}

struct Flow<E: FnOnce(u64, Option<Cut>)> {
    source: Source,
    /// The next byte, and the one behind the last.
    at: u64,
    end: u64,
    sent_bytes: u64,
    cut: Option<Cut>,
    on_end: Option<E>,
}

impl<E: FnOnce(u64, Option<Cut>)> Flow<E> {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        self.source.outlet.take_back();
        if self.at >= self.end || self.cut.is_some() {
            return None;
        }
        match self.chunk().await {
            Ok(chunk) => {
                self.source.outlet.hand_over();
                Some(Ok(chunk))
            }
            Err(cut) => {
                self.cut = Some(cut);
                if cut == Cut::FileChanged {
                    self.source.outlet.cut.cancel();
                }
                // An unclean end: the client must not take what it has for the whole.
                Some(Err(io::Error::other(format!(
                    "the stream was cut: {cut:?}"
                ))))
            }
        }
    }

    async fn chunk(&mut self) -> Result<Bytes, Cut> {
        let wanted = step(&self.source.limits).min(self.end - self.at);
        let length = usize::try_from(wanted).map_err(|_| Cut::Disk)?;
        let is_last = self.at + wanted >= self.end;
        let chunk = if self.may_stand_in(length) {
            let portion = Portion {
                file: Arc::clone(&self.source.content.file),
                stamp: self.source.stamp,
                offset: self.at,
                length,
            };
            let promised = self.source.outlet.stand_ins.promise(portion);
            promised.map_err(|_| Cut::Client)?
        } else {
            let buffer = self.source.buffers.take();
            let read = read(&self.source.content, buffer, self.at, length).await;
            let read = read.map_err(|_| Cut::Disk)?;
            // What stands in is looked at as it leaves.
            if read.is_empty() || is_last && !self.is_unchanged() {
                return Err(Cut::FileChanged);
            }
            read
        };
        let length = chunk.len() as u64;
        let is_last = self.at + length >= self.end;
        pace(length, &self.source.limits).await;
        self.at += length;
        self.sent_bytes += length;
        self.source.sending.count(length);
        if let Some(slot) = &self.source.slot {
            slot.count(length);
        }
        if is_last {
            self.source.slot = None;
        }
        Ok(chunk)
    }

    fn may_stand_in(&self, length: usize) -> bool {
        let OpenContent { file, medium, .. } = &self.source.content;
        (self.source.is_checked || self.source.stamp.is_none())
            && medium.has_at_hand(file, self.at, length)
    }

    fn is_unchanged(&self) -> bool {
        self.source.stamp.is_none_or(|stamp| {
            let metadata = self.source.content.file.metadata();
            metadata.is_ok_and(|metadata| stamp_of(&metadata) == stamp)
        })
    }
}

impl<E: FnOnce(u64, Option<Cut>)> Drop for Flow<E> {
    fn drop(&mut self) {
        self.source.outlet.take_back();
        let is_done = self.at >= self.end;
        let cut = self.cut.or((!is_done).then_some(Cut::Client));
        if let Some(on_end) = self.on_end.take() {
            on_end(self.sent_bytes, cut);
        }
    }
}

/// Bytes in the page cache are read at once; for others a thread may wait.
async fn read(
    content: &OpenContent,
    mut buffer: Buffer,
    at: u64,
    length: usize,
) -> io::Result<Bytes> {
    let at_once = if content.medium == Medium::Memory {
        read_some(&content.file, buffer.space(length), at)
    } else {
        let space = &mut [IoSliceMut::new(buffer.space(length))];
        preadv2(&*content.file, space, at, ReadWriteFlags::NOWAIT).map_err(io::Error::from)
    };
    if let Ok(count) = at_once
        && count > 0
    {
        return Ok(buffer.into_bytes(count));
    }
    let file = Arc::clone(&content.file);
    let reading = tokio::task::spawn_blocking(move || {
        let count = read_some(&file, buffer.space(length), at)?;
        Ok(buffer.into_bytes(count))
    });
    reading.await.map_err(io::Error::other)?
}

fn read_some(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
