//! The last words to a connection that is one too many: an answer in one write, whatever was asked,
//! and a moment in which the client may read it.
//!
//! Must not know why there are too many.

use std::sync::Arc;
use std::time::Duration;

use protocol::problem::Slug;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::permits::Crowd;
use crate::http::problem::spread_secs;

/// Connections that are told at once: with a second each, 32 new ones in a second of the worst case,
/// and thousands where clients read and go.
const TOLD_MAX_COUNT: usize = 32;
/// For the client to read the answer and go.
const TOLD: Duration = Duration::from_secs(1);

/// Where those stand that are being told.
#[derive(Debug)]
pub struct Porch(Arc<Semaphore>);

impl Default for Porch {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TOLD_MAX_COUNT)))
    }
}

impl Porch {
    /// Waits until one more can be told.
    pub async fn wait_for_room(&self) {
        // Given back at once: only the accept loop takes places, so it is still there then.
        let _ = self.0.acquire().await;
    }

    /// Tells a client that there are too many, in one write that waits for nobody. To be spawned is
    /// what keeps the connection until the answer is read: closed over unread bytes it would be
    /// reset. Nothing where too many are being told.
    pub fn turn_away(
        &self,
        mut stream: TcpStream,
        crowd: Crowd,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let _ = stream.try_write(words(crowd).as_bytes());
        let place = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(async move {
            let reading = async {
                let _ = stream.shutdown().await;
                let mut unheard = [0; 1024];
                while stream.read(&mut unheard).await.is_ok_and(|count| count > 0) {}
            };
            let _ = timeout(TOLD, reading).await;
            drop(place);
        })
    }
}

/// A whole answer.
fn words(crowd: Crowd) -> String {
    let (slug, line, detail, secs) = match crowd {
        Crowd::All => (
            Slug::Overloaded,
            "503 Service Unavailable",
            "the index has as many connections as it may have; come back a little later",
            spread_secs(),
        ),
        Crowd::OfAddress => (
            Slug::RateLimited,
            "429 Too Many Requests",
            "this address has as many connections as it may have; close some",
            5,
        ),
    };
    let body = format!(
        "{{\"type\":\"{slug}\",\"title\":\"{}\",\"status\":{},\"detail\":\"{detail}\"}}",
        slug.title(),
        slug.status()
    );
    format!(
        "HTTP/1.1 {line}\r\nContent-Type: application/problem+json\r\n\
         Content-Length: {}\r\nRetry-After: {secs}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_words_are_a_problem_of_their_status() {
        for (crowd, status) in [(Crowd::All, 503), (Crowd::OfAddress, 429)] {
            let words = words(crowd);
            let (head, body) = words.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
            assert!(head.contains("\r\nRetry-After: "), "{head}");
            let problem: protocol::problem::Problem = serde_json::from_str(body).unwrap();
            assert_eq!(problem.status, status);
        }
    }

    #[test]
    fn who_is_turned_away_together_does_not_come_back_together() {
        let wait = |_| {
            let words = words(Crowd::All);
            let (_, after) = words.split_once("\r\nRetry-After: ").unwrap();
            after.split("\r\n").next().unwrap().to_owned()
        };
        let waits: BTreeSet<String> = (0..1_000).map(wait).collect();
        assert!(waits.iter().eq(["1", "2", "3", "4"]), "{waits:?}");
    }
}
