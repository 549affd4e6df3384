//! Many small files in one answer (see `protocol::contents`): the price of a request is paid once
//! for up to a hundred of them.
//!
//! Each is opened, read whole and looked at again before its length goes out, so that a file that is
//! no longer what was hashed stands as missing. Memory an answer: two chunks. Unfinished downloads
//! are not looked for: they are no small files.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use protocol::contents::{CONTENT_MAX_BYTES, asked, head};
use protocol::limits::CONTENTS_MAX_COUNT;
use protocol::problem::{Problem, Slug};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use warp::Reply as _;
use warp::reply::Response;

use super::bytes::take_slot;
use super::call::{App, Call};
use super::slots::Slot;
use super::stream::{self, Chunks, Cut};
use super::uploads::{Client, Subject};
use crate::rate::RateLimit;
use crate::share::SharedFile;
use crate::share::open::{open_below, stamp_of};

/// GET `/contents?of=HASH,HASH`.
pub(super) async fn many(call: Call) -> Result<Response, Problem> {
    let hashes = call.param("of").and_then(|of| asked(&of)).ok_or_else(|| {
        let detail = format!("of takes 1 to {CONTENTS_MAX_COUNT} hashes with commas between them");
        Problem::new(Slug::InvalidParameter, detail).at("of")
    })?;
    let view = call.app.share.view();
    let files = hashes.iter().map(|hash| {
        let file = view.by_hash(hash);
        file.filter(|file| file.stamp.size_bytes <= CONTENT_MAX_BYTES)
    });
    let files: Vec<_> = files.collect();
    let mut response = if call.is_head() {
        Response::default()
    } else {
        let remote = call.connection.remote;
        // Nobody counts who else has small files: they are soon through.
        let slot = take_slot(&call.app, remote.ip(), 0).await?;
        let of_client = call.app.client_limits.of(remote.ip());
        let (chunks, body) = mpsc::channel(1);
        let client = call.client();
        let sender = Sender {
            limits: [call.app.limit.clone(), of_client],
            app: call.app,
            client,
            chunks,
            slot,
        };
        tokio::spawn(sender.run(files));
        warp::reply::stream(Chunks::new(body, call.connection.outlet)).into_response()
    };
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// Sends one answer.
struct Sender {
    app: Arc<App>,
    client: Client,
    chunks: mpsc::Sender<std::io::Result<Bytes>>,
    slot: Slot,
    limits: [RateLimit; 2],
}

/// Some files of an answer as they go out.
#[derive(Default)]
struct Read {
    bytes: Vec<u8>,
    good: Vec<Arc<SharedFile>>,
    /// No longer what was hashed.
    changed: Vec<Arc<SharedFile>>,
}

impl Sender {
    async fn run(self, files: Vec<Option<Arc<SharedFile>>>) {
        let cut = self.send_all(files).await.err();
        if cut.is_some() {
            // An unclean end: the client must not take what it has for the whole.
            let error = std::io::Error::other("the answer was cut");
            let _ = self.chunks.try_send(Err(error));
        }
        self.app.metrics.count_end(cut);
    }

    async fn send_all(&self, files: Vec<Option<Arc<SharedFile>>>) -> Result<(), Cut> {
        let mut left = files.into_iter().peekable();
        while left.peek().is_some() {
            let (mut some, mut size_bytes) = (Vec::new(), 0);
            while size_bytes < stream::CHUNK_BYTES
                && let Some(file) = left.next()
            {
                size_bytes += file.as_ref().map_or(0, |file| file.stamp.size_bytes);
                some.push(file);
            }
            let reading = spawn_blocking(move || read(some));
            let read = reading.await.map_err(|_| Cut::Disk)?;
            for file in read.changed {
                self.app.share.recheck(&file).await;
            }
            self.hand(read.bytes.into()).await?;
            self.slot.count(total(&read.good));
            for file in &read.good {
                self.count(file);
            }
        }
        Ok(())
    }

    async fn hand(&self, mut bytes: Bytes) -> Result<(), Cut> {
        while !bytes.is_empty() {
            let step = usize::try_from(stream::step(&self.limits)).unwrap_or(usize::MAX);
            // What runs over a step by a few heads goes with it.
            let step = if bytes.len() < step * 2 {
                bytes.len()
            } else {
                step
            };
            let now = bytes.split_to(step);
            stream::hand(now, &self.chunks, &self.limits).await?;
        }
        Ok(())
    }

    fn count(&self, file: &SharedFile) {
        let (app, size_bytes) = (&self.app, file.stamp.size_bytes);
        let name = file.path.file_name();
        let subject = Subject {
            hash: file.hash,
            name: name.to_owned(),
            size_bytes,
        };
        app.uploads.begin(subject, self.client).count(size_bytes);
        app.feed.upload(file.id, name.to_owned(), size_bytes);
    }
}

fn total(files: &[Arc<SharedFile>]) -> u64 {
    files.iter().map(|file| file.stamp.size_bytes).sum()
}

fn read(files: Vec<Option<Arc<SharedFile>>>) -> Read {
    let mut all = Read::default();
    let sizes = files.iter().flatten().map(|file| file.stamp.size_bytes + 8);
    all.bytes
        .reserve(usize::try_from(sizes.sum::<u64>()).unwrap_or(0));
    for file in files {
        let Some(file) = file else {
            all.bytes.extend(head(None));
            continue;
        };
        let before = all.bytes.len();
        all.bytes.extend(head(Some(file.stamp.size_bytes)));
        if read_one(&file, &mut all.bytes).is_ok() {
            all.good.push(file);
        } else {
            all.bytes.truncate(before);
            all.bytes.extend(head(None));
            all.changed.push(file);
        }
    }
    all
}

/// Appends a file that is still what was hashed.
fn read_one(file: &SharedFile, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let changed = || std::io::Error::other("it is no longer what was hashed");
    let open = open_below(&file.root, &file.relative)?;
    if open.stamp != file.stamp {
        return Err(changed());
    }
    let before = bytes.len();
    bytes.resize(
        before + usize::try_from(file.stamp.size_bytes).unwrap_or(0),
        0,
    );
    open.file.read_exact_at(&mut bytes[before..], 0)?;
    let is_same = stamp_of(&open.file.metadata()?) == file.stamp;
    is_same.then_some(()).ok_or_else(changed)
}
