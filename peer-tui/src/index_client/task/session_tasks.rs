//! The calls and tasks of one session: started together, ended together, heard in one place.
//!
//! Notes carry the number of their session, so that a late answer of an ended one is dropped.

use std::sync::Arc;
use std::time::Duration;

use protocol::ids::PeerId;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::super::publish::{Publisher, Start};
use super::super::{IndexApi, IndexClientConfig, feed, register};
use super::{LEAVE_WAIT, Note};

/// Notes that may wait: whoever has one waits for room, so a flood of events is read as fast as it
/// is worked off.
const NOTES_QUEUE_COUNT: usize = 256;
/// The list of peers is read at most so often, however many gaps the feed has.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

pub(super) struct SessionTasks {
    number: u64,
    tasks: JoinSet<()>,
    notes_in: mpsc::Sender<(u64, Note)>,
    notes: mpsc::Receiver<(u64, Note)>,
    refresh: Arc<Notify>,
}

impl SessionTasks {
    pub(super) fn new() -> Self {
        let (notes_in, notes) = mpsc::channel(NOTES_QUEUE_COUNT);
        Self {
            number: 0,
            tasks: JoinSet::new(),
            notes_in,
            notes,
            refresh: Arc::new(Notify::new()),
        }
    }

    /// The next note of this session.
    pub(super) async fn next(&mut self) -> Note {
        loop {
            match self.notes.recv().await {
                Some((number, note)) if number == self.number => return note,
                Some(_) => {}
                // Cannot be: this struct holds a sender itself.
                None => std::future::pending().await,
            }
        }
    }

    /// Ends all calls and tasks; notes that they still have are dropped.
    pub(super) fn end_session(&mut self) {
        self.number += 1;
        self.tasks.abort_all();
        self.tasks.detach_all();
    }

    pub(super) fn register(&mut self, api: Arc<IndexApi>, config: Arc<IndexClientConfig>) {
        self.end_session();
        self.spawn(async move {
            let answer = register::register(&api, &config).await;
            Note::Registered(Box::new(answer))
        });
    }

    pub(super) fn beat(&mut self, api: Arc<IndexApi>) {
        self.spawn(async move { Note::Beat(api.heartbeat().await) });
    }

    /// Publishing and the feed of a session that has just begun.
    pub(super) fn go_live(
        &mut self,
        api: &Arc<IndexApi>,
        publisher: Publisher,
        start: Start,
        since: Option<u64>,
    ) {
        self.spawn(async move { Note::Published(publisher.run(start).await) });
        self.read_peers(api.clone());
        let (feed_in, mut feed_out) = mpsc::channel(NOTES_QUEUE_COUNT);
        self.tasks
            .spawn(feed::run(api.url().clone(), since, feed_in));
        let (number, notes) = (self.number, self.notes_in.clone());
        self.tasks.spawn(async move {
            while let Some(note) = feed_out.recv().await {
                if notes.send((number, Note::Feed(note))).await.is_err() {
                    return;
                }
            }
        });
    }

    /// Reads the list of peers again soon.
    pub(super) fn refresh_peers(&self) {
        self.refresh.notify_one();
    }

    fn read_peers(&mut self, api: Arc<IndexApi>) {
        let (number, notes) = (self.number, self.notes_in.clone());
        self.refresh = Arc::new(Notify::new());
        let refresh = self.refresh.clone();
        self.tasks.spawn(async move {
            loop {
                let peers = api.all_peers().await;
                if notes.send((number, Note::Peers(peers))).await.is_err() {
                    return;
                }
                tokio::time::sleep(REFRESH_EVERY).await;
                refresh.notified().await;
            }
        });
    }

    /// Ends the session and says goodbye to its index in the background.
    pub(super) fn leave_behind(&mut self, api: Arc<IndexApi>, id: PeerId) {
        self.end_session();
        tokio::spawn(async move {
            // The old index finds out by itself when it is not reached.
            let _ = tokio::time::timeout(LEAVE_WAIT, api.leave(&id)).await;
        });
    }

    fn spawn(&mut self, call: impl Future<Output = Note> + Send + 'static) {
        let (number, notes) = (self.number, self.notes_in.clone());
        self.tasks.spawn(async move {
            // The owner may have ended.
            let _ = notes.send((number, call.await)).await;
        });
        // What has ended is let go.
        while self.tasks.try_join_next().is_some() {}
    }
}
