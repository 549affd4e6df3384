//! Bodies and the feed of the fake index.

use std::sync::Arc;

use jiff::Timestamp;
use protocol::event::{Envelope, Event, Hello};

use super::{State, stats};

pub(super) async fn collect(
    body: impl futures::Stream<Item = Result<impl bytes::Buf, warp::Error>>,
) -> Vec<u8> {
    use futures::StreamExt as _;
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(Ok(mut chunk)) = body.next().await {
        while chunk.has_remaining() {
            let part = chunk.chunk().to_vec();
            chunk.advance(part.len());
            bytes.extend(part);
        }
    }
    bytes
}

pub(super) async fn feed(socket: warp::ws::WebSocket, state: Arc<State>) {
    use futures::{SinkExt as _, StreamExt as _};
    let (mut out, mut inward) = socket.split();
    let mut events = state.events.subscribe();
    let seq = *state.seq.lock().unwrap();
    let hello = Hello {
        stats: stats(),
        seq,
        server: "fake".to_owned(),
        version: "1".to_owned(),
    };
    let hello = Envelope {
        seq,
        event: Event::Hello(hello),
        at: Timestamp::UNIX_EPOCH,
    };
    let mut next = Some(Arc::new(hello));
    loop {
        if let Some(envelope) = next.take() {
            let text = serde_json::to_string(envelope.as_ref()).unwrap();
            if out.send(warp::ws::Message::text(text)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            event = events.recv() => next = event.ok(),
            message = inward.next() => if message.is_none() { return },
        }
    }
}
