//! The address proof: one small request to the address that a peer claims, answered with a
//! signature by the peer's key. So that nobody can have clients sent to a machine that did not ask
//! for it.
//!
//! What the caller learns is "answered" or "did not", never why: this must not scan ports for it.

mod book;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use protocol::ids::PeerId;
use protocol::problem::Slug;
use protocol::proof::{ProofResponse, address_statement};
use protocol::routes::PROOF;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use self::book::Book;
use crate::command::Refusal;
use crate::http::register::{is_signed, read_key};

/// Long enough for a peer behind a slow radio link, short enough to hold few of them.
const PROOF_WAIT: Duration = Duration::from_secs(2);
const ANSWER_MAX_BYTES: usize = 2 * 1024;
const IN_FLIGHT_MAX_COUNT: usize = 64;

/// What a peer claims, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The peer, known by its key.
    pub id: PeerId,
    /// The address that it wants to be published under.
    pub host: IpAddr,
    /// Its port there.
    pub port: u16,
    /// Where its connection comes from.
    pub observed: IpAddr,
}

/// Proves addresses, within limits.
#[derive(Debug)]
pub struct Prover {
    slots: Semaphore,
    book: Mutex<Book>,
}

impl Prover {
    /// With nothing proven.
    pub fn new() -> Self {
        Self {
            slots: Semaphore::new(IN_FLIGHT_MAX_COUNT),
            book: Mutex::default(),
        }
    }

    /// Asks the claimed address, unless it answered a moment ago.
    ///
    /// # Errors
    /// `unproven-address` when it did not answer as it must, `rate-limited` when too much was asked.
    pub async fn prove(&self, claim: Claim) -> Result<(), Refusal> {
        if !self.book().open(&claim, Instant::now())? {
            return Ok(());
        }
        let mut asking = Asking {
            prover: self,
            claim: &claim,
            is_proven: false,
        };
        if let Ok(_slot) = self.slots.try_acquire() {
            let answered = timeout(PROOF_WAIT, ask(&claim)).await;
            asking.is_proven = answered.is_ok_and(|proof| proof.is_some());
        }
        if asking.is_proven {
            return Ok(());
        }
        let detail = format!(
            "{} did not answer the proof as this peer; check the address, the port and the \
             forwarding on the way to it, or leave `address` out",
            SocketAddr::new(claim.host, claim.port)
        );
        Err(Refusal::new(Slug::UnprovenAddress, detail).at("/address"))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way; closed in the book also when its caller hangs up.
struct Asking<'a> {
    prover: &'a Prover,
    claim: &'a Claim,
    is_proven: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        self.prover.book().close(self.claim, self.is_proven, now);
    }
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

/// One request, no redirects, at most 2 KiB; `None` for every way in which it is not a proof.
async fn ask(claim: &Claim) -> Option<()> {
    let target = SocketAddr::new(claim.host, claim.port);
    let nonce = HEXLOWER.encode(&rand::random::<[u8; 32]>());
    let stream = TcpStream::connect(target).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(64)
        .max_buf_size(8 * 1024)
        .handshake(TokioIo::new(stream))
        .await
        .ok()?;
    let request = http::Request::get(format!("{PROOF}?nonce={nonce}"))
        .header(http::header::HOST, target.to_string())
        .header(http::header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .ok()?;
    let answer = async {
        let response = sender.send_request(request).await.ok()?;
        if response.status() != http::StatusCode::OK {
            return None;
        }
        let body = Limited::new(response.into_body(), ANSWER_MAX_BYTES);
        body.collect()
            .await
            .ok()
            .map(http_body_util::Collected::to_bytes)
    };
    tokio::pin!(answer);
    tokio::pin!(connection);
    let bytes = tokio::select! {
        bytes = &mut answer => bytes?,
        _ = &mut connection => answer.await?,
    };
    is_proof(&bytes, &nonce, &claim.id).then_some(())
}

/// Whether an answer shows that the key of `id` saw our nonce.
fn is_proof(answer: &[u8], nonce: &str, id: &PeerId) -> bool {
    let Ok(proof) = serde_json::from_slice::<ProofResponse>(answer) else {
        return false;
    };
    let Ok((key_id, key)) = read_key(&proof.public_key) else {
        return false;
    };
    proof.id == *id
        && key_id == *id
        && is_signed(&key, &address_statement(nonce, id), &proof.signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// Answers one request at an address of its own as `key` would, changed by `bend`.
    async fn answering(
        key: SigningKey,
        bend: impl FnOnce(&mut ProofResponse) -> Option<String> + Send + 'static,
    ) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            let nonce = head.split("nonce=").nth(1).unwrap();
            let nonce = nonce.split(' ').next().unwrap();
            let public_key = key.verifying_key().to_bytes();
            let id = PeerId::of_public_key(&public_key);
            let mut proof = ProofResponse {
                id,
                public_key: HEXLOWER.encode(&public_key),
                signature: HEXLOWER.encode(&key.sign(&address_statement(nonce, &id)).to_bytes()),
            };
            let whole = bend(&mut proof).unwrap_or_else(|| {
                let body = serde_json::to_string(&proof).unwrap();
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            });
            stream.write_all(whole.as_bytes()).await.unwrap();
            let _ = stream.read(&mut [0; 1]).await;
        });
        address
    }

    async fn outcome(
        bend: impl FnOnce(&mut ProofResponse) -> Option<String> + Send + 'static,
    ) -> Result<(), Slug> {
        let key = SigningKey::from_bytes(&[3; 32]);
        let id = PeerId::of_public_key(&key.verifying_key().to_bytes());
        let address = answering(key, bend).await;
        let claim = Claim {
            id,
            host: address.ip(),
            port: address.port(),
            observed: address.ip(),
        };
        let proven = Prover::new().prove(claim).await;
        proven.map_err(|refusal| refusal.slug)
    }

    #[tokio::test]
    async fn only_the_key_of_the_peer_proves_an_address() {
        let unproven = Err(Slug::UnprovenAddress);
        assert_eq!(outcome(|_| None).await, Ok(()));
        let other = PeerId::from_bytes([5; 32]);
        assert_eq!(
            outcome(move |proof| {
                proof.id = other;
                None
            })
            .await,
            unproven
        );
        let bent = |proof: &mut ProofResponse| {
            proof.signature.replace_range(
                ..1,
                if proof.signature.starts_with('0') {
                    "1"
                } else {
                    "0"
                },
            );
            None
        };
        assert_eq!(outcome(bent).await, unproven);
        let stranger = |proof: &mut ProofResponse| {
            let key = SigningKey::from_bytes(&[4; 32]);
            proof.public_key = HEXLOWER.encode(&key.verifying_key().to_bytes());
            None
        };
        assert_eq!(outcome(stranger).await, unproven);
        let large = |_: &mut ProofResponse| {
            Some(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}",
                " ".repeat(5000)
            ))
        };
        assert_eq!(outcome(large).await, unproven);
        let elsewhere = |_: &mut ProofResponse| {
            let location = "http://127.0.0.1:1/";
            Some(format!(
                "HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            ))
        };
        assert_eq!(outcome(elsewhere).await, unproven);
        let silent = |_: &mut ProofResponse| Some("HTTP/1.1 200 OK\r\n".to_owned());
        assert_eq!(outcome(silent).await, unproven);
    }
}
