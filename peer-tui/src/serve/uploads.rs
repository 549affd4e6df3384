//! Who is fetching what from this peer, and how fast: many small range requests of one client for
//! one content make one row.
//!
//! Knows no socket and no file.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use protocol::hash::ContentHash;
use protocol::ids::PeerId;
use tokio::sync::watch;

use super::UploadStatus;
use crate::rate::RateMeter;

/// A row stays so long after its last request, for the gap between two ranges.
const LINGER: Duration = Duration::from_secs(3);
/// A row whose file has gone out whole has no further range to come.
const WHOLE_LINGER: Duration = Duration::from_millis(500);
/// Rows that come and go in crowds, as small files do, are told of together.
const TEND_EVERY: Duration = Duration::from_millis(250);
/// While bytes go out, watchers are told so often.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Addresses whose sums are kept.
const CLIENTS_MAX_COUNT: usize = 10_000;

/// What an upload is of.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Which content.
    pub hash: ContentHash,
    /// Its name here.
    pub name: String,
    /// Bytes of the file.
    pub size_bytes: u64,
}

/// To whom an answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Where it connected from.
    pub address: SocketAddr,
    /// Who it says it is: shown so, and believed for nothing else.
    pub told: Option<PeerId>,
}

/// Those who say the same at one address.
type ClientKey = (IpAddr, Option<PeerId>);

impl Client {
    fn key(&self) -> ClientKey {
        (self.address.ip(), self.told)
    }
}

#[derive(Debug)]
struct Row {
    subject: Subject,
    client: Client,
    sent_bytes: u64,
    open_requests: usize,
    last_at: Instant,
    meter: RateMeter,
}

#[derive(Debug)]
struct Book {
    rows: HashMap<(ClientKey, ContentHash), Row>,
    by_client: HashMap<ClientKey, u64>,
    total_uploads: u64,
    total_bytes: u64,
    meter: RateMeter,
    told_at: Instant,
    /// A row has come that nobody was told of.
    has_news: bool,
    /// Somebody looks after the rows until there are none.
    is_tended: bool,
}

/// The book of uploads; cheap to clone.
#[derive(Debug, Clone)]
pub struct Uploads {
    book: Arc<Mutex<Book>>,
    changed: watch::Sender<u64>,
}

/// One answer that is being sent; ends when dropped.
#[derive(Debug)]
pub struct Sending {
    uploads: Uploads,
    key: (ClientKey, ContentHash),
}

/// Sums of the book.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    /// Answers with bytes, ever.
    pub total_uploads: u64,
    /// Bytes, ever.
    pub total_bytes: u64,
    /// Bytes a second, lately.
    pub rate_bytes: u64,
    /// Rows, the busiest first.
    pub active: Vec<UploadStatus>,
}

impl Uploads {
    /// A book that goes on from earlier sums (answers, bytes).
    pub fn new(earlier: (u64, u64)) -> Self {
        let now = Instant::now();
        Self {
            book: Arc::new(Mutex::new(Book {
                rows: HashMap::new(),
                by_client: HashMap::new(),
                total_uploads: earlier.0,
                total_bytes: earlier.1,
                meter: RateMeter::default(),
                told_at: now,
                has_news: false,
                is_tended: false,
            })),
            changed: watch::Sender::new(0),
        }
    }

    /// An answer to `client` begins.
    pub fn begin(&self, subject: Subject, client: Client) -> Sending {
        let now = Instant::now();
        let key = (client.key(), subject.hash);
        let mut book = self.lock();
        book.total_uploads += 1;
        let row = book.rows.entry(key).or_insert_with(|| Row {
            subject,
            client,
            sent_bytes: 0,
            open_requests: 0,
            last_at: now,
            meter: RateMeter::default(),
        });
        row.open_requests += 1;
        row.last_at = now;
        book.has_news |= row.open_requests == 1 && row.sent_bytes == 0;
        // The first of a crowd is told of at once, the others together.
        let is_first = book.has_news && !book.is_tended;
        if is_first {
            book.has_news = false;
        }
        let is_mine = !std::mem::replace(&mut book.is_tended, true);
        drop(book);
        if is_first {
            self.tell();
        }
        if is_mine {
            self.tend();
        }
        Sending {
            uploads: self.clone(),
            key,
        }
    }

    /// Everything as of now.
    pub fn sums(&self) -> Sums {
        let now = Instant::now();
        let mut book = self.lock();
        book.forget(now);
        let rate_bytes = book.meter.rate(now);
        let rows = book.rows.values_mut().map(|row| UploadStatus {
            hash: row.subject.hash,
            name: row.subject.name.clone(),
            size_bytes: row.subject.size_bytes,
            client: row.client.address,
            told: row.client.told,
            sent_bytes: row.sent_bytes,
            rate_bytes: row.meter.rate(now),
        });
        let mut active: Vec<_> = rows.collect();
        active.sort_by_key(|row| (std::cmp::Reverse(row.rate_bytes), row.client, row.hash));
        Sums {
            total_uploads: book.total_uploads,
            total_bytes: book.total_bytes,
            rate_bytes,
            active,
        }
    }

    /// Bytes sent since the start to whoever says so of itself at an address.
    pub fn sent_to(&self, address: IpAddr, told: Option<PeerId>) -> u64 {
        let key = (address.to_canonical(), told);
        self.lock().by_client.get(&key).copied().unwrap_or(0)
    }

    /// Changes as rows come and go, and once a second while bytes go out.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn tell(&self) {
        self.changed.send_modify(|revision| *revision += 1);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        // Sums are whole after every step, so a panic elsewhere leaves them usable.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells watchers of rows that came and went, until there are none.
    fn tend(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            self.lock().is_tended = false;
            return;
        };
        let uploads = self.clone();
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(TEND_EVERY).await;
                let mut book = uploads.lock();
                let is_changed = book.forget(Instant::now()) | std::mem::take(&mut book.has_news);
                let is_over = book.rows.is_empty();
                book.is_tended = !is_over;
                drop(book);
                if is_changed {
                    uploads.tell();
                }
                if is_over {
                    return;
                }
            }
        });
    }
}

impl Book {
    /// Drops rows that have been silent; yields whether any went.
    fn forget(&mut self, now: Instant) -> bool {
        let before = self.rows.len();
        self.rows.retain(|_, row| {
            let linger = if row.sent_bytes >= row.subject.size_bytes {
                WHOLE_LINGER
            } else {
                LINGER
            };
            row.open_requests > 0 || now - row.last_at < linger
        });
        self.rows.len() < before
    }
}

impl Sending {
    /// Counts bytes that the client has taken.
    pub fn count(&self, bytes: u64) {
        let now = Instant::now();
        let mut book = self.uploads.lock();
        book.total_bytes += bytes;
        book.meter.add(bytes, now);
        if let Some(row) = book.rows.get_mut(&self.key) {
            row.sent_bytes += bytes;
            row.last_at = now;
            row.meter.add(bytes, now);
        }
        let (client, _) = self.key;
        if book.by_client.len() < CLIENTS_MAX_COUNT || book.by_client.contains_key(&client) {
            *book.by_client.entry(client).or_default() += bytes;
        }
        let is_due = now - book.told_at >= TELL_EVERY;
        if is_due {
            book.told_at = now;
        }
        drop(book);
        if is_due {
            self.uploads.tell();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let mut book = self.uploads.lock();
        let Some(row) = book.rows.get_mut(&self.key) else {
            return;
        };
        row.open_requests -= 1;
        row.last_at = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ranges_of_one_client_make_one_row_and_the_sums_last() {
        let uploads = Uploads::new((5, 100));
        let subject = Subject {
            hash: ContentHash::of(b"x"),
            name: "x".to_owned(),
            size_bytes: 50,
        };
        let at = |address: &str, told: Option<u8>| Client {
            address: address.parse().unwrap(),
            told: told.map(|number| PeerId::from_bytes([number; 32])),
        };
        let client = at("10.0.0.2:4000", None);
        let again = at("10.0.0.2:4001", None);
        let first = uploads.begin(subject.clone(), client);
        first.count(20);
        drop(first);
        let second = uploads.begin(subject.clone(), again);
        second.count(30);
        let sums = uploads.sums();
        assert_eq!((sums.total_uploads, sums.total_bytes), (7, 150));
        assert_eq!(sums.active.len(), 1);
        assert_eq!(sums.active[0].sent_bytes, 50);
        let address = client.address.ip();
        assert_eq!(uploads.sent_to(address, None), 50);
        let other = at("10.0.0.2:4002", Some(7));
        let third = uploads.begin(subject, other);
        third.count(5);
        assert_eq!(uploads.sums().active.len(), 2, "two peers of one address");
        assert_eq!(uploads.sent_to(address, None), 50);
        assert_eq!(uploads.sent_to(address, other.told), 5);
    }
}
