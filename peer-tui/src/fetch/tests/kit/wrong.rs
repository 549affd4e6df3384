//! Answers that no honest peer gives.

use std::time::Duration;

use protocol::hash::ContentHash;
use tokio::io::{AsyncRead, AsyncWrite};

use super::server::{Answer, Wire};
use super::way::Way;

/// Short enough to be many, long enough to leave the machine to others.
const DRIP: Duration = Duration::from_millis(20);

/// What a peer does with a request that is no answer at all; `None` when it answers.
pub(super) async fn no_answer<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    way: Way,
    path: &str,
) -> Option<std::io::Result<bool>> {
    let location = format!("location: {path}\r\n");
    Some(match way {
        Way::Redirect => {
            wire.head("302 Found", 0, "location: http://127.0.0.1:9/\r\n")
                .await
        }
        Way::RedirectLoop => wire.head("307 Temporary Redirect", 0, &location).await,
        Way::NotFound => wire.head("404 Not Found", 0, "").await,
        Way::Changed => wire.head("409 Conflict", 0, "").await,
        Way::NotSatisfiable | Way::EmptyHave => wire.head("416 Range Not Satisfiable", 0, "").await,
        Way::Forbidden => wire.head("403 Forbidden", 0, "").await,
        Way::Broken => wire.head("500 Internal Server Error", 0, "").await,
        Way::Busy => wire.head("503 Busy", 0, "").await,
        Way::BusyForYears => {
            let years = "retry-after: 99999999999\r\n";
            wire.head("503 Busy", 0, years).await
        }
        Way::ClosesAtOnce => Ok(false),
        Way::Silent => std::future::pending().await,
        Way::Garbage => close(wire.send(b"\x00\x01\x02 what?\r\n\r\n").await),
        Way::NoHead => close(wire.send(&[b'x'; 10_000]).await),
        Way::Upgrade => {
            let upgrade =
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
            close(wire.send(upgrade.as_bytes()).await)
        }
        Way::BigHeader => {
            let value = "x".repeat(1024 * 1024);
            wire.head("206 Partial Content", 0, &format!("x-long: {value}\r\n"))
                .await
        }
        Way::EndlessHeaders => close(
            repeat(
                wire,
                b"HTTP/1.1 206 Partial Content\r\n",
                &b"x-many: x\r\n".repeat(500),
                Duration::ZERO,
            )
            .await,
        ),
        Way::EndlessInterim => {
            close(repeat(wire, b"", b"HTTP/1.1 100 Continue\r\n\r\n", DRIP / 10).await)
        }
        Way::DripHead => close(
            repeat(
                wire,
                b"HTTP/1.1 206 Partial Content\r\nx-slow: ",
                b"x",
                DRIP,
            )
            .await,
        ),
        _ => return None,
    })
}

fn close(sent: std::io::Result<()>) -> std::io::Result<bool> {
    sent.map(|()| false)
}

/// Sends the same again and again until the other one goes away.
async fn repeat<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    first: &[u8],
    again: &[u8],
    pause: Duration,
) -> std::io::Result<()> {
    wire.send(first).await?;
    loop {
        wire.send(again).await?;
        // house: allow sleep, a source that is slow is so by the clock
        tokio::time::sleep(pause).await;
    }
}

/// Bends what is said of the bytes.
pub(super) fn bend(answer: &mut Answer, way: Way, hash: &ContentHash, number: usize) {
    let (length, size) = (answer.length, answer.size);
    match way {
        Way::OtherTag => answer.tag = ContentHash::of(b"other"),
        Way::ChangingTag if number > 0 => answer.tag = ContentHash::of(hash.as_bytes()),
        Way::WholeForPart | Way::PlainWhole => answer.ask_whole(),
        Way::OtherRange => answer.range = Some(format!("bytes 0-{length}/{size}")),
        Way::OtherSize => {
            answer.range = answer
                .range
                .take()
                .map(|range| range.replace(&format!("/{size}"), &format!("/{}", size + 1)));
        }
        Way::NoRange => answer.range = None,
        Way::ManyRanges => {
            answer.range = None;
            answer
                .extra
                .push_str("content-type: multipart/byteranges; boundary=x\r\n");
        }
        Way::Encoded | Way::GzipBomb => answer.extra.push_str("content-encoding: gzip\r\n"),
        Way::OtherLength => answer.length_told = Some((length + 1).to_string()),
        Way::HugeLength => answer.length_told = Some("9223372036854775807".to_owned()),
        Way::NegativeLength => answer.length_told = Some("-5".to_owned()),
        Way::TwoLengths => answer.extra.push_str("content-length: 5\r\n"),
        Way::Endless => answer.length_told = None,
        Way::ChunkedGarbage | Way::EndlessChunkHead => {
            answer.length_told = None;
            answer.extra.push_str("transfer-encoding: chunked\r\n");
        }
        _ => {}
    }
}

/// Sends a body that is not what its head says; `None` when it is.
pub(super) async fn no_body<S: AsyncRead + AsyncWrite + Unpin>(
    wire: &mut Wire<'_, S>,
    way: Way,
    number: usize,
    body: &[u8],
) -> Option<std::io::Result<bool>> {
    Some(match way {
        Way::Endless => close(repeat(wire, body, &[0; 8_192], Duration::ZERO).await),
        Way::GzipBomb => close(
            repeat(
                wire,
                b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
                &[0; 4096],
                Duration::ZERO,
            )
            .await,
        ),
        Way::ChunkedGarbage => close(wire.send(b"zz not a length\r\nxxxx\r\n").await),
        Way::EndlessChunkHead => close(repeat(wire, b"10;", &[b'x'; 4096], Duration::ZERO).await),
        Way::Short | Way::PlainBreaks => close(wire.send(&body[..body.len() / 2]).await),
        Way::ChangingTag if number == 0 => close(wire.send(&body[..body.len() - 1]).await),
        Way::StallsAfterHead => std::future::pending().await,
        Way::StallsInPiece => {
            let sent = wire.send(&body[..body.len().min(100_000)]).await;
            if sent.is_ok() {
                std::future::pending::<()>().await;
            }
            close(sent)
        }
        Way::Drip => {
            for byte in body {
                if let Err(error) = wire.send(&[*byte]).await {
                    return Some(Err(error));
                }
                // house: allow sleep, a source that drips is slow by the clock
                tokio::time::sleep(DRIP).await;
            }
            Ok(true)
        }
        Way::Smuggles => {
            let more = b"HTTP/1.1 206 Partial Content\r\ncontent-length: 5\r\n\r\nwrong";
            match wire.send(body).await {
                Ok(()) => wire.send(more).await.map(|()| true),
                Err(error) => Err(error),
            }
        }
        _ => return None,
    })
}
