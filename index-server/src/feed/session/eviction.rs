//! The last bytes to a reader that does not read: the kernel is made to take the rest of the frame
//! that was begun and a close frame behind it, so that the reader finds whole messages and the
//! reason once it reads at last.
//!
//! Must not know what frames say, nor when a reader is given up.

use std::io;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::SEND_BUFFER_BYTES;

/// Added to what the kernel may hold for one reader: a close frame and what it counts beside it.
const ROOM_BYTES: usize = 16 * 1024;
/// So long the kernel keeps what an evicted reader has not read; by itself it would for many
/// minutes.
const KEPT: Duration = Duration::from_mins(2);

/// What a session runs over.
pub trait Wire: AsyncRead + AsyncWrite + Unpin {
    /// Hands over these bytes at once, although the other side reads nothing; tells whether all
    /// were taken.
    fn push_through(&self, bytes: &[u8]) -> bool;
}

impl Wire for TcpStream {
    /// Past the runtime: it learns that there is room only once the other side reads.
    fn push_through(&self, bytes: &[u8]) -> bool {
        let socket = SockRef::from(self);
        let room = SEND_BUFFER_BYTES + 2 * bytes.len() + ROOM_BYTES;
        let _ = socket.set_send_buffer_size(room);
        let _ = socket.set_tcp_user_timeout(Some(KEPT));
        let mut rest = bytes;
        while !rest.is_empty() {
            match socket.send(rest) {
                Ok(count @ 1..) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }
}

/// A whole close frame (RFC 6455, section 5.5.1: final, not masked) with a reason of at most 123
/// bytes.
pub fn close_frame(code: CloseCode, reason: &'static str) -> BytesMut {
    const FINAL_CLOSE: u8 = 0x88;
    const REASON_MAX_BYTES: usize = 123;
    let reason = &reason.as_bytes()[..reason.len().min(REASON_MAX_BYTES)];
    let mut frame = BytesMut::with_capacity(reason.len() + 4);
    frame.put_u8(FINAL_CLOSE);
    frame.put_u8(u8::try_from(reason.len() + 2).unwrap_or_default());
    frame.put_u16(code.into());
    frame.put_slice(reason);
    frame
}
