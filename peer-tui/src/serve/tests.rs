//! The serving side over loopback: real files, a real client.

mod changed;
mod checking;
mod heads;
mod kit;
mod sockets;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::contents;
use protocol::hash::{ContentHash, PiecesRoot};
use protocol::limits::CONTENTS_MAX_COUNT;
use protocol::pieces::{PieceLayout, PieceSet, root_of_pieces};
use protocol::problem::Problem;
use protocol::proof::{ProofResponse, address_statement};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use self::kit::{Kit, PATIENCE, Partials, hashes_of, header};
use super::PartialContent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_had_whole_and_in_part_by_content_id_and_name() {
    let bytes: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
    let kit = Kit::start(
        &[("a b/big.bin", &bytes), ("empty", b"")],
        Partials::default(),
    )
    .await;
    let hash = ContentHash::of(&bytes);
    let by_hash = format!("/content/{hash}");
    let file = kit.share.view().by_hash(&hash).unwrap();

    for path in [
        by_hash.clone(),
        format!("/download/{}", file.id),
        format!("/download?filename=ignored&id={}", file.id),
        "/download?filename=big.bin".to_owned(),
        "/download?filename=a+b%2Fbig.bin".to_owned(),
    ] {
        let whole = kit.get(&path, &[]).await;
        assert_eq!(whole.status(), 200, "{path}");
        assert_eq!(header(&whole, "etag"), format!("\"sha256-{hash}\""));
        assert_eq!(header(&whole, "accept-ranges"), "bytes");
        assert!(header(&whole, "content-disposition").contains("filename=\"big.bin\""));
        assert!(header(&whole, "repr-digest").starts_with("sha-256=:"));
        assert_eq!(whole.bytes().await.unwrap(), bytes, "{path}");
    }
    let part = kit.get(&by_hash, &[("range", "bytes=1000-1999")]).await;
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 1000-1999/2800000");
    assert_eq!(part.bytes().await.unwrap(), bytes[1000..2000]);
    let tag = format!("\"sha256-{hash}\"");
    let same = kit.get(&by_hash, &[("if-none-match", &tag)]).await;
    assert_eq!(same.status(), 304);
    let head = kit.client.head(kit.url(&by_hash)).send().await.unwrap();
    assert_eq!(header(&head, "content-length"), "2800000");
    let empty = kit.get("/download?filename=empty", &[]).await;
    assert_eq!(empty.status(), 200);
    assert_eq!(empty.bytes().await.unwrap().len(), 0);

    let status = kit.serve.status();
    assert_eq!(status.total_bytes, 5 * 2_800_000 + 1000);
    assert_eq!(
        kit.serve.sent_to("127.0.0.1".parse().unwrap(), None),
        status.total_bytes
    );
    let none = "0".repeat(64);
    for (path, headers, status, slug) in [
        (
            &by_hash,
            ("range", "bytes=2800000-"),
            416,
            "range-not-satisfiable",
        ),
        (
            &by_hash,
            ("if-match", "\"another\""),
            412,
            "precondition-failed",
        ),
        (
            &format!("/content/{none}"),
            ("x", "y"),
            404,
            "unknown-content",
        ),
        (&"/download/ff".to_owned(), ("x", "y"), 404, "unknown-file"),
        (
            &"/download?filename=..%2Fsecret".to_owned(),
            ("x", "y"),
            404,
            "unknown-file",
        ),
        (
            &"/download".to_owned(),
            ("x", "y"),
            400,
            "invalid-parameter",
        ),
        (&"/nothing".to_owned(), ("x", "y"), 404, "not-found"),
        (
            &"/api/v1/files/search?q=x".to_owned(),
            ("x", "y"),
            502,
            "index-unreachable",
        ),
        (&"/ws".to_owned(), ("x", "y"), 426, "upgrade-required"),
        (
            &"/ws".to_owned(),
            ("origin", "http://evil.example"),
            403,
            "forbidden-origin",
        ),
        (&by_hash, ("host", "evil.example"), 403, "forbidden-host"),
        (&by_hash, ("host", "a@127.0.0.1"), 403, "forbidden-host"),
    ] {
        let found = kit.slug(path, &[headers]).await;
        assert_eq!(found, (status, slug.to_owned()), "{path} {headers:?}");
    }
    let posted = kit.client.post(kit.url("/healthz")).send().await.unwrap();
    assert_eq!(
        (posted.status().as_u16(), header(&posted, "allow")),
        (405, "GET, HEAD, OPTIONS")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pieces_lead_to_the_root_and_the_address_is_proven() {
    let bytes = vec![9_u8; 1_000_000];
    let kit = Kit::start(&[("a.bin", &bytes)], Partials::default()).await;
    let hash = ContentHash::of(&bytes);
    let layout = PieceLayout::of_size(1_000_000);
    let hashes = hashes_of(&bytes);

    let pieces = kit.get(&format!("/content/{hash}/pieces"), &[]).await;
    assert_eq!(
        header(&pieces, "x-piece-size"),
        layout.piece_bytes().to_string()
    );
    assert_eq!(header(&pieces, "x-content-length"), "1000000");
    let root: PiecesRoot = header(&pieces, "x-pieces-root").parse().unwrap();
    let body = pieces.bytes().await.unwrap();
    let expected: Vec<u8> = hashes.pieces.iter().flat_map(|p| *p.as_bytes()).collect();
    assert_eq!(body, expected);
    assert_eq!(root_of_pieces(layout, &hashes.pieces), Some(root));
    let have = kit.get(&format!("/content/{hash}/have"), &[]).await;
    let bits = have.bytes().await.unwrap();
    assert!(
        PieceSet::from_bytes(layout.count(), &bits)
            .unwrap()
            .is_complete()
    );

    let proof = kit.get("/.well-known/peerdex/proof?nonce=abc", &[]).await;
    let proof: ProofResponse = proof.json().await.unwrap();
    let key = data_encoding::HEXLOWER
        .decode(proof.public_key.as_bytes())
        .unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let signature = data_encoding::HEXLOWER
        .decode(proof.signature.as_bytes())
        .unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    key.verify_strict(&address_statement("abc", &proof.id), &signature)
        .unwrap();
    let list: serde_json::Value = kit.get("/api/v1/files", &[]).await.json().await.unwrap();
    assert_eq!(list["files"][0]["filename"], "a.bin");
    let stats: serde_json::Value = kit.get("/api/v1/stats", &[]).await.json().await.unwrap();
    assert_eq!(stats["downloads"]["total_downloads"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_files_come_in_one_answer_and_only_as_they_were_hashed() {
    let files: Vec<(String, Vec<u8>)> = (0..60_usize)
        .map(|number| {
            (
                format!("a/{number}"),
                vec![u8::try_from(number).unwrap(); number * 999],
            )
        })
        .collect();
    let large = vec![7; 300_000];
    let mut named: Vec<(&str, &[u8])> = files.iter().map(|(name, b)| (&**name, &**b)).collect();
    named.push(("large", &large));
    let kit = Kit::start(&named, Partials::default()).await;
    std::fs::write(kit.path("a/9"), "another").unwrap();
    let mut wanted: Vec<_> = files
        .iter()
        .map(|(_, bytes)| ContentHash::of(bytes))
        .collect();
    wanted.extend([ContentHash::of(&large), ContentHash::of(b"unknown")]);
    let sizes = files
        .iter()
        .map(|(_, bytes)| bytes.len())
        .chain([large.len(), 7]);
    let mut cutter = contents::Cutter::new(sizes);
    let mut got = Vec::new();
    let answer = kit.get(&contents::path(&wanted), &[]).await;
    assert_eq!(answer.status(), 200);
    let body = answer.bytes().await.unwrap();
    cutter.take(&body, |content| got.push(content)).unwrap();
    assert!(cutter.is_done());
    for (number, got) in got.iter().enumerate() {
        let expected = files.get(number).filter(|_| number != 9);
        assert_eq!(got.as_ref(), expected.map(|(_, bytes)| bytes), "{number}");
    }
    let status = kit.serve.status();
    assert_eq!(status.total_uploads, 59);
    let sent: usize = got.iter().flatten().map(Vec::len).sum();
    assert_eq!(status.total_bytes, sent as u64);
    let head = kit.client.head(kit.url(&contents::path(&wanted))).send();
    assert_eq!(head.await.unwrap().status(), 200);
    let too_many = contents::path(&vec![wanted[0]; CONTENTS_MAX_COUNT + 1]);
    let nothing = "/contents".to_owned();
    for path in [too_many, nothing, "/contents?of=ab".to_owned()] {
        let slug = kit.slug(&path, &[]).await;
        assert_eq!(slug, (400, "invalid-parameter".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_cut_short_under_the_reader_never_ends_cleanly() {
    let bytes = vec![1_u8; 8 << 20];
    let kit = Kit::start(&[("a.bin", &bytes)], Partials::default()).await;
    // Slow enough that the reader is in the middle when the file is cut.
    kit.serve.set_up_limit(Some(4 << 20));
    let hash = ContentHash::of(&bytes);
    let mut response = kit.get(&format!("/content/{hash}"), &[]).await;
    let first = response.chunk().await.unwrap().unwrap();
    let file = std::fs::File::options()
        .write(true)
        .open(kit.path("a.bin"))
        .unwrap();
    file.set_len(1 << 20).unwrap();
    kit.serve.set_up_limit(None);
    let mut got = first.len();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got += chunk.len(),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    assert!(end.is_err(), "{got} bytes and a clean end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_with_a_limit_gets_no_more_and_others_all() {
    const RATE: u64 = 256 << 10;
    let bytes = vec![1_u8; 4 << 20];
    let kit = Kit::start(&[("a.bin", &bytes)], Partials::default()).await;
    let slow = reqwest::Client::builder().local_address("127.0.0.9".parse::<IpAddr>().ok());
    let slow = slow.build().unwrap();
    let mapped = "::ffff:127.0.0.9".parse().unwrap();
    kit.serve.set_client_limits([(mapped, RATE)]);
    let path = format!("/content/{}", ContentHash::of(&bytes));
    let started = Instant::now();
    let mut limited = slow.get(kit.url(&path)).send().await.unwrap();
    assert_eq!(kit.get(&path, &[]).await.bytes().await.unwrap(), bytes);
    let mut got = 0;
    while started.elapsed() < Duration::from_secs(1) {
        got += limited.chunk().await.unwrap().unwrap().len();
        let may = started.elapsed().as_secs_f64() * RATE as f64;
        // A quarter of a second may be saved up, and a chunk is sent before it is paid for.
        let most = may + RATE as f64 / 4.0 + 64.0 * 1024.0;
        assert!((got as f64) < most, "{got} of {most}");
    }
    kit.serve.set_client_limits([]);
    while let Some(chunk) = limited.chunk().await.unwrap() {
        got += chunk.len();
    }
    assert_eq!(got, bytes.len(), "lifted in the middle, it comes whole");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_cannot_take_all_slots() {
    let bytes = vec![1_u8; 4 << 20];
    let kit = Kit::start(&[("a.bin", &bytes)], Partials::default()).await;
    kit.serve.set_up_limit(Some(64 << 10));
    let path = format!("/content/{}", ContentHash::of(&bytes));
    let (first, second) = (kit.get(&path, &[]).await, kit.get(&path, &[]).await);
    assert_eq!(
        (first.status(), second.status()),
        (reqwest::StatusCode::OK, reqwest::StatusCode::OK)
    );
    let third = kit.get(&path, &[]).await;
    assert_eq!(header(&third, "retry-after"), "2");
    assert_eq!(third.json::<Problem>().await.unwrap().slug, "busy");
    let head = kit.client.head(kit.url(&path)).send().await.unwrap();
    assert_eq!(head.status(), 200, "a question takes no slot");
    assert_eq!(kit.serve.status().slots, (2, 4));
    // A request that waits has its slot as soon as there is one.
    let free = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (waited, ()) = tokio::join!(kit.get(&path, &[]), free);
    assert_eq!(waited.status(), 200);
    drop((waited, second));
    kit.serve.set_up_limit(None);
    let mut changed = kit.serve.watch();
    let freed = changed.wait_for(|_| kit.serve.status().slots.0 == 0);
    timeout(PATIENCE, freed)
        .await
        .expect("slots are free again")
        .unwrap();
    assert_eq!(kit.get(&path, &[]).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_download_is_served_where_it_is_verified() {
    let bytes: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
    let hash = ContentHash::of(&bytes);
    let layout = PieceLayout::of_size(bytes.len() as u64);
    let hashes = hashes_of(&bytes);
    let folder = TempDir::new().unwrap();
    let part = folder.path().join("x.part");
    std::fs::write(&part, &bytes).unwrap();
    let mut held = PieceSet::none(layout.count());
    held.insert(layout.piece(1).unwrap());
    let held = watch::Sender::new(Arc::new(held));
    let partial = PartialContent {
        name: "unfinished.bin".to_owned(),
        path: part,
        layout,
        pieces_root: hashes.root,
        pieces: hashes.pieces.into(),
        held: held.subscribe(),
        holders: watch::Sender::new(Arc::from([])).subscribe(),
    };
    let kit = Kit::start(&[], Partials(Some((hash, partial)))).await;
    let path = format!("/content/{hash}");
    let second = layout.range(layout.piece(1).unwrap());
    let range = second.to_range_header();
    let good = kit.get(&path, &[("range", &range)]).await;
    assert_eq!(good.status(), 206);
    let (from, to) = (262_144, 524_288);
    assert_eq!(good.bytes().await.unwrap(), bytes[from..to]);
    for range in ["bytes=0-99", "bytes=262143-262200", "bytes=0-"] {
        let (status, _) = kit.slug(&path, &[("range", range)]).await;
        assert_eq!(status, 416, "{range}");
    }
    assert_eq!(kit.slug(&path, &[]).await.0, 416, "the whole is not there");
    let have = kit.get(&format!("{path}/have"), &[]).await;
    let version = header(&have, "x-have-version").to_owned();
    let waiting = format!("{path}/have?since={version}&wait=20");
    let waiting = kit.get(&waiting, &[]);
    let more = async {
        let all = PieceSet::all(layout.count());
        held.send_replace(Arc::new(all));
    };
    let (answer, ()) = tokio::join!(waiting, more);
    let bits = answer.bytes().await.unwrap();
    assert!(
        PieceSet::from_bytes(layout.count(), &bits)
            .unwrap()
            .is_complete()
    );
    assert_eq!(kit.get(&path, &[]).await.bytes().await.unwrap(), bytes);
}
