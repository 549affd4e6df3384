//! Clients that say that they check what they get, whose bytes the kernel sends from the file by
//! itself: they get what all others get, and never a clean end of a file that changed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::FileExt as _;

use protocol::hash::ContentHash;

use super::kit::{Kit, PATIENCE, Partials};

const CHECKS: (&str, &str) = ("want-repr-digest", "sha-256=9");

fn numbers(count: u32) -> Vec<u8> {
    (0..count).flat_map(u32::to_le_bytes).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_get_the_same_bytes() {
    let bytes = numbers(700_000);
    let kit = Kit::start(&[("big.bin", &bytes)], Partials::default()).await;
    let path = format!("/content/{}", ContentHash::of(&bytes));
    let whole = kit.get(&path, &[CHECKS]).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.bytes().await.unwrap(), bytes);
    for (first, last) in [
        (0, 0),
        (5, 262_148),
        (262_144, 524_287),
        (1_000_000, 2_799_999),
    ] {
        let range = format!("bytes={first}-{last}");
        let part = kit.get(&path, &[CHECKS, ("range", &range)]).await;
        assert_eq!(part.status(), 206, "{range}");
        assert!(
            part.bytes().await.unwrap() == bytes[first..=last],
            "{range}"
        );
    }
    let sent = kit.serve.status().total_bytes;
    assert_eq!(sent, 2_800_000 + 1 + 262_144 + 262_144 + 1_800_000);
    kit.serve.set_up_limit(Some(16 << 20));
    let paced = kit.get(&path, &[CHECKS]).await;
    assert!(paced.bytes().await.unwrap() == bytes, "under a limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_on_one_connection_stay_in_step() {
    let bytes = numbers(700_000);
    let kit = Kit::start(&[("big.bin", &bytes)], Partials::default()).await;
    let hash = ContentHash::of(&bytes);
    let address = kit.serve.local_addr();
    let ranges = [(7, 600_000), (0, 9), (600_000, 2_700_000), (3, 300_000)];
    let got = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // All are asked for before anything is read, by turns checked and not.
        for (turn, (first, last)) in ranges.iter().enumerate() {
            let checks = if turn % 2 == 0 {
                "want-repr-digest: sha-256=9\r\n"
            } else {
                ""
            };
            let end = if turn + 1 == ranges.len() {
                "connection: close\r\n"
            } else {
                ""
            };
            let head = format!(
                "GET /content/{hash} HTTP/1.1\r\nhost: localhost\r\nrange: bytes={first}-{last}\r\n{checks}{end}\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        all
    });
    let got = got.await.unwrap();
    let mut rest = &got[..];
    for (first, last) in ranges {
        let end = rest.windows(4).position(|at| at == b"\r\n\r\n").unwrap() + 4;
        let (head, body) = rest.split_at(end);
        assert!(head.starts_with(b"HTTP/1.1 206 "), "{first}");
        let (part, after) = body.split_at(last + 1 - first);
        assert!(part == &bytes[first..=last], "{first}");
        rest = after;
    }
    assert!(rest.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_under_the_reader_never_ends_cleanly() {
    // More than both ends of a connection hold, so that the end cannot have left yet.
    let bytes = vec![1; 48 << 20];
    for headers in [&[CHECKS][..], &[]] {
        for is_cut in [true, false] {
            let kit = Kit::start(&[("a.bin", &bytes)], Partials::default()).await;
            let path = format!("/content/{}", ContentHash::of(&bytes));
            let mut response = kit.get(&path, headers).await;
            assert!(response.chunk().await.unwrap().is_some());
            let mut options = std::fs::File::options();
            let file = options.write(true).open(kit.path("a.bin")).unwrap();
            if is_cut {
                file.set_len(1 << 20).unwrap();
            } else {
                file.write_all_at(b"another", 40 << 20).unwrap();
            }
            let end = loop {
                match response.chunk().await {
                    Ok(Some(_)) => {}
                    end => break end,
                }
            };
            assert!(end.is_err(), "{headers:?}, cut short: {is_cut}");
            let (status, _) = kit.slug(&path, headers).await;
            assert!(matches!(status, 404 | 409), "{status}");
        }
    }
}
