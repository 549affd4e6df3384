//! The local feed over real sockets: what it is asked for, and how it ends.

use futures::{SinkExt as _, StreamExt as _};
use protocol::event::Envelope;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::kit::{Kit, PATIENCE, Partials};

const HANDSHAKE: [(&str, &str); 4] = [
    ("connection", "upgrade"),
    ("upgrade", "websocket"),
    ("sec-websocket-version", "13"),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

/// A socket that was greeted.
async fn open(kit: &Kit, path: &str) -> WebSocketStream<TcpStream> {
    let url = kit.url(path).replace("http://", "ws://");
    let stream = TcpStream::connect(kit.serve.local_addr()).await.unwrap();
    let (mut socket, _) = client_async(url, stream).await.unwrap();
    let hello = socket.next().await.unwrap().unwrap();
    let hello: Envelope = serde_json::from_str(hello.to_text().unwrap()).unwrap();
    assert_eq!(hello.seq, 0);
    socket
}

/// How the other side closes, once it does.
async fn end(socket: &mut WebSocketStream<TcpStream>) -> Option<CloseFrame> {
    let ending = async {
        loop {
            if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
                break frame;
            }
        }
    };
    timeout(PATIENCE, ending).await.expect("a close frame")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_is_answered_and_what_is_no_frame_told_by_code() {
    let kit = Kit::start(&[], Partials::default()).await;
    let bye = CloseFrame {
        code: CloseCode::Normal,
        reason: "bye".into(),
    };
    for sent in [Some(bye), None] {
        let mut socket = open(&kit, "/ws").await;
        socket.close(sent.clone()).await.unwrap();
        assert_eq!(end(&mut socket).await, sent);
    }
    for (frame, code) in [
        (
            &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe][..],
            CloseCode::Invalid,
        ),
        (&[0x81, 0x02, b'{', b'}'], CloseCode::Protocol),
        (&[0x83, 0x80, 0, 0, 0, 0], CloseCode::Protocol),
    ] {
        let mut socket = open(&kit, "/ws").await;
        socket.get_mut().write_all(frame).await.unwrap();
        let told = end(&mut socket).await.map(|frame| frame.code);
        assert_eq!(told, Some(code), "{frame:x?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_asks_for_what_there_is_not_is_told_so() {
    let kit = Kit::start(&[], Partials::default()).await;
    for path in ["/ws?topics=zz", "/ws?topics=files,zz", "/ws?since=abc"] {
        let found = kit.slug(path, &HANDSHAKE).await;
        assert_eq!(found, (400, "invalid-parameter".to_owned()), "{path}");
    }
    let mut socket = open(&kit, "/ws?topics=files,stats&since=7").await;
    let unknown = Message::text("{\"subscribe\": [\"nope\"]}");
    socket.send(unknown).await.unwrap();
    let told = end(&mut socket).await.map(|frame| frame.code);
    assert_eq!(told, Some(CloseCode::Unsupported));
}
