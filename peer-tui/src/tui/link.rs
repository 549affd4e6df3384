//! The queues to and from the daemon, and getting new ones when they break.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use super::connection::{Connection, Link, Reconnect};
use crate::daemon::command::ClientMessage;
use crate::daemon::state::ServerMessage;

/// Actions that wait for a daemon that does not read; the oldest go when there are more, which
/// takes a person pressing keys at a dead daemon for a long time.
const OUTBOX_MAX_COUNT: usize = 256;

/// What happened on the way to the daemon.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// There is something to take.
    News,
    /// The daemon hung up.
    Lost,
    /// There is a new conversation.
    Up,
    /// There is none: why.
    Failed(String),
}

type Attempt = (Reconnect, Result<Link, String>);

/// The way to the daemon.
pub struct LinkPump {
    link: Option<Link>,
    reconnect: Option<Reconnect>,
    attempt: Option<oneshot::Receiver<Attempt>>,
    news: VecDeque<ServerMessage>,
    outbox: VecDeque<ClientMessage>,
}

impl LinkPump {
    /// Over this connection.
    pub fn new(connection: Connection) -> Self {
        Self {
            link: Some(connection.link),
            reconnect: Some(connection.reconnect),
            attempt: None,
            news: VecDeque::new(),
            outbox: VecDeque::new(),
        }
    }

    /// Whether something waits to be taken.
    pub fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// The next message, without waiting.
    pub fn take(&mut self) -> Option<ServerMessage> {
        if let Some(message) = self.news.pop_front() {
            return Some(message);
        }
        self.link.as_mut()?.from_daemon.try_recv().ok()
    }

    /// Waits for the next thing to happen. While a message waits to be taken nothing more is read:
    /// the queue fills, and the daemon keeps only the newest state.
    ///
    /// # Cancel safety
    /// Nothing is lost: a message that was received is kept.
    pub async fn event(&mut self) -> LinkEvent {
        if let Some(attempt) = &mut self.attempt {
            let done = attempt.await;
            self.attempt = None;
            return match done {
                Ok((reconnect, Ok(link))) => {
                    self.reconnect = Some(reconnect);
                    self.link = Some(link);
                    LinkEvent::Up
                }
                Ok((reconnect, Err(reason))) => {
                    self.reconnect = Some(reconnect);
                    LinkEvent::Failed(reason)
                }
                Err(_) => LinkEvent::Failed("the attempt broke off".to_owned()),
            };
        }
        let has_news = self.has_news();
        let Some(link) = &mut self.link else {
            return std::future::pending().await;
        };
        let received = tokio::select! {
            received = link.from_daemon.recv(), if !has_news => received,
            permit = link.to_daemon.reserve(), if !self.outbox.is_empty() => {
                if let (Ok(permit), Some(message)) = (permit, self.outbox.pop_front()) {
                    permit.send(message);
                }
                return LinkEvent::News;
            }
            () = std::future::pending(), if has_news && self.outbox.is_empty() => return LinkEvent::News,
        };
        if let Some(message) = received {
            self.news.push_back(message);
            return LinkEvent::News;
        }
        self.link = None;
        self.outbox.clear();
        LinkEvent::Lost
    }

    /// Tells the daemon, now or as soon as it reads. A newer watch takes the place of one that
    /// waits.
    pub fn send(&mut self, message: ClientMessage) {
        let Some(link) = &self.link else { return };
        if self.outbox.is_empty() {
            match link.to_daemon.try_send(message) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(message)) => self.outbox.push_back(message),
            }
            return;
        }
        if matches!(message, ClientMessage::Watch(_)) {
            self.outbox
                .retain(|waiting| !matches!(waiting, ClientMessage::Watch(_)));
        }
        self.outbox.push_back(message);
        if self.outbox.len() > OUTBOX_MAX_COUNT {
            self.outbox.pop_front();
        }
    }

    /// Tries to get a new conversation, on a thread of its own.
    pub fn reconnect(&mut self) {
        let Some(mut reconnect) = self.reconnect.take() else {
            return;
        };
        let (sender, receiver) = oneshot::channel();
        self.attempt = Some(receiver);
        std::thread::spawn(move || {
            let result = reconnect();
            // Nobody waits any more when the screen has ended.
            let _ = sender.send((reconnect, result));
        });
    }

    /// Hands over what still waits and hangs up, for at most `wait`: the daemon hangs up in turn
    /// when it has done all that was asked.
    pub async fn finish(&mut self, wait: Duration) {
        let Some(link) = self.link.take() else { return };
        let Link {
            to_daemon,
            mut from_daemon,
        } = link;
        let rest = std::mem::take(&mut self.outbox);
        let all = async move {
            let asking = async move {
                for message in rest {
                    if to_daemon.send(message).await.is_err() {
                        return;
                    }
                }
            };
            let listening = async { while from_daemon.recv().await.is_some() {} };
            tokio::join!(asking, listening);
        };
        // A daemon that does not read by then will not read later either.
        let _ = tokio::time::timeout(wait, all).await;
    }
}

impl std::fmt::Debug for LinkPump {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkPump")
            .field("link", &self.link)
            .field("news", &self.news.len())
            .field("outbox", &self.outbox.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;
    use crate::daemon::command::Action;

    #[tokio::test(start_paused = true)]
    async fn a_screen_that_ends_waits_until_the_daemon_has_heard_it() {
        let (to_daemon, mut heard) = mpsc::channel(1);
        let (to_screen, from_daemon) = mpsc::channel::<ServerMessage>(1);
        let mut pump = LinkPump::new(Connection {
            link: Link {
                to_daemon,
                from_daemon,
            },
            reconnect: Box::new(|| Err("never".to_owned())),
        });
        for number in 0..4 {
            pump.send(ClientMessage::Do {
                number,
                action: Box::new(Action::Status),
            });
        }
        let daemon = tokio::spawn(async move {
            let mut count = 0;
            while heard.recv().await.is_some() {
                // house: allow sleep, the clock is paused: a daemon that takes its time
                tokio::time::sleep(Duration::from_millis(20)).await;
                count += 1;
            }
            drop(to_screen);
            count
        });
        pump.finish(Duration::from_millis(500)).await;
        assert!(daemon.is_finished(), "the screen left before it was heard");
        assert_eq!(daemon.await.expect("it ran"), 4);
    }
}
