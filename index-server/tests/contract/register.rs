//! Registration: with and without a key, again and again, and what each may claim.

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signer, SigningKey};
use protocol::ids::PeerId;
use protocol::proof::{address_statement, register_statement};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::kit::{Lab, client_from, text};

const REGISTER: &str = "/api/v1/peers/register";

/// A registration signed as the contract says, on a fresh nonce.
async fn signed(lab: &Lab, key: &SigningKey, port: u16) -> Value {
    signed_at(lab, key, "", port).await
}

/// The same for a peer that tells its address; empty for none.
async fn signed_at(lab: &Lab, key: &SigningKey, address: &str, port: u16) -> Value {
    let answer = lab.get("/api/v1/nonce").await;
    let index: PeerId = text(&answer["index_id"]).parse().expect("an id");
    let nonce = text(&answer["nonce"]);
    let statement = register_statement(&index, &nonce, address, port);
    json!({
        "port": port, "name": "keyed", "shared_files": 0, "nonce": nonce, "address": address,
        "public_key": HEXLOWER.encode(key.verifying_key().as_bytes()),
        "signature": HEXLOWER.encode(&key.sign(&statement).to_bytes()),
    })
}

async fn refused(lab: &Lab, body: &Value) -> String {
    let response = lab
        .client
        .post(lab.url(REGISTER))
        .json(body)
        .send()
        .await
        .unwrap();
    let problem: Value = response.json().await.unwrap();
    text(&problem["type"])
}

#[tokio::test]
async fn a_key_gives_its_id_and_its_calls_need_the_token() {
    let lab = Lab::open().await;
    let key = SigningKey::from_bytes(&[9; 32]);
    let id = PeerId::of_public_key(key.verifying_key().as_bytes()).to_string();
    let answer = lab.post(REGISTER, &signed(&lab, &key, 7071).await).await;
    assert_eq!(answer["id"], id.as_str());
    assert_eq!(answer["peer"]["is_verified"], true);
    let token = text(&answer["session_token"]);
    let next = answer["next_heartbeat_ms"].as_u64().unwrap();
    let interval = answer["heartbeat_interval"].as_u64().unwrap() * 1_000;
    assert!(next > 0 && next <= interval, "{next} of {interval}");

    let beat = "/api/v1/peers/heartbeat";
    let me = ("x-peer-id", id.as_str());
    let bearer = format!("Bearer {token}");
    let status = |headers: Vec<(&'static str, String)>| {
        let lab = &lab;
        async move {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            lab.send("POST", beat, &headers, "").await.status().as_u16()
        }
    };
    let id_header = || (me.0, me.1.to_owned());
    assert_eq!(status(vec![id_header()]).await, 401);
    assert_eq!(
        status(vec![id_header(), ("authorization", "Bearer 00".to_owned())]).await,
        401
    );
    assert_eq!(
        status(vec![id_header(), ("authorization", bearer.clone())]).await,
        200
    );

    // Registered again, the old token is worth nothing.
    lab.post(REGISTER, &signed(&lab, &key, 7071).await).await;
    assert_eq!(
        status(vec![id_header(), ("authorization", bearer)]).await,
        401
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn a_signature_counts_once_and_only_for_what_it_signs() {
    let lab = Lab::open().await;
    let key = SigningKey::from_bytes(&[9; 32]);
    let good = signed(&lab, &key, 7071).await;
    let mut other_port = good.clone();
    other_port["port"] = json!(7072);
    assert_eq!(refused(&lab, &other_port).await, "invalid-signature");
    let mut other_key = good.clone();
    let thief = SigningKey::from_bytes(&[8; 32]);
    other_key["public_key"] = json!(HEXLOWER.encode(thief.verifying_key().as_bytes()));
    assert_eq!(refused(&lab, &other_key).await, "invalid-signature");
    let mut other_id = good.clone();
    other_id["id"] = json!("a".repeat(52));
    assert_eq!(refused(&lab, &other_id).await, "invalid-field");
    lab.post(REGISTER, &good).await;
    assert_eq!(refused(&lab, &good).await, "invalid-nonce", "replayed");
    // Without the key, its id cannot be had.
    let id = PeerId::of_public_key(key.verifying_key().as_bytes()).to_string();
    let answer = lab
        .client
        .post(lab.url(REGISTER))
        .json(&json!({"id": id, "port": 7071}))
        .send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    assert_ne!(answer["id"], id.as_str(), "{answer}");
    lab.server.stop().await;
}

#[tokio::test]
async fn a_client_without_a_key_keeps_its_id_and_gets_a_name() {
    let lab = Lab::open().await;
    let first = lab.post(REGISTER, &json!({"port": 7071})).await;
    let id = text(&first["id"]);
    assert_eq!(first["peer"]["name"], format!("peer-{}", &id[..7]));
    assert_eq!(first["peer"]["is_verified"], false);
    let again = lab
        .post(REGISTER, &json!({"port": 7072, "id": id, "name": "attic"}))
        .await;
    assert_eq!(again["id"], id.as_str());
    assert_eq!(
        (&again["peer"]["port"], &again["peer"]["name"]),
        (&json!(7072), &json!("attic"))
    );
    let invented = lab
        .post(REGISTER, &json!({"port": 7073, "id": "alice"}))
        .await;
    assert_ne!(invented["id"], "alice");
    assert_eq!(lab.get("/api/v1/peers").await["count"], 2);
    lab.server.stop().await;
}

#[tokio::test]
async fn a_digest_tells_whether_files_must_be_sent_again() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    lab.share(&peer, "a/song.ogg", "la").await;
    let mut digest = protocol::file::CatalogDigest::default();
    digest.toggle("a/song.ogg", &protocol::hash::ContentHash::of(b"la"));
    let ask = |digest: String| json!({"port": 7071, "id": peer.id, "catalog_digest": digest});
    assert_eq!(
        lab.post(REGISTER, &ask(digest.to_hex())).await["catalog"],
        "in_sync"
    );
    assert_eq!(
        lab.post(REGISTER, &ask("0".repeat(32))).await["catalog"],
        "send_all"
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn digests_of_ranges_cover_every_name_once_and_lead_to_their_rows() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let digest_path = format!("/api/v1/peers/{}/digest", peer.id);
    let empty = lab.get(&digest_path).await;
    assert_eq!(
        empty,
        json!({"digest": "0".repeat(32), "count": 0, "complete_digest": "0".repeat(32),
            "complete_count": 0, "ranges": []})
    );
    let names: Vec<_> = (0..450)
        .map(|number| format!("dir/{number:03}.txt"))
        .collect();
    let line = |name: &String| {
        let hash = crate::kit::hash(name);
        let line =
            json!({"op": "add", "filename": &name[4..], "path": name, "size": 3, "hash": hash});
        format!("{line}\n")
    };
    let lines: String = names.iter().map(line).collect();
    let headers = [
        ("content-type", "application/x-ndjson"),
        ("x-peer-id", peer.id.as_str()),
    ];
    let sent = lab
        .send("POST", "/api/v1/files/batch", &headers, &lines)
        .await;
    assert_eq!(sent.status(), 200);
    let told: protocol::file::CatalogRanges =
        serde_json::from_value(lab.get(&digest_path).await).expect("ranges");
    assert_eq!((told.count, told.ranges.len()), (450, 3));
    let mut left = names.as_slice();
    for range in &told.ranges {
        let count = usize::try_from(range.count).expect("few");
        let (own, rest) = left.split_at(count);
        left = rest;
        let mut digest = protocol::file::CatalogDigest::default();
        for name in own {
            let hash = protocol::hash::ContentHash::of(name.as_bytes());
            digest.toggle(name, &hash);
        }
        assert_eq!(range.digest, digest.to_hex());
        assert_eq!(
            range.until.as_ref(),
            own.last().filter(|_| !rest.is_empty())
        );
        let cursor = range.cursor.clone().unwrap_or_default();
        let page = lab
            .get(&format!(
                "/api/v1/peers/{}/files?limit=200&cursor={cursor}",
                peer.id
            ))
            .await;
        assert_eq!(page["files"][0]["path"], own[0].as_str());
    }
    assert!(left.is_empty());
    assert_eq!(told.complete_digest, told.digest);
    let again = json!({"port": 7071, "id": peer.id, "catalog_digest": told.digest});
    assert_eq!(lab.post(REGISTER, &again).await["catalog"], "in_sync");

    // An unfinished download is listed, and no part of what registrations are compared with.
    let partial = json!({"op": "add", "filename": "half.bin", "path": "half.bin", "size": 3,
        "hash": crate::kit::hash("half"), "partial": true});
    let sent = lab
        .send(
            "POST",
            "/api/v1/files/batch",
            &headers,
            &partial.to_string(),
        )
        .await;
    assert_eq!(sent.status(), 200);
    let with_half: protocol::file::CatalogRanges =
        serde_json::from_value(lab.get(&digest_path).await).expect("ranges");
    assert_eq!((with_half.count, with_half.complete_count), (451, 450));
    assert_ne!(with_half.digest, told.digest);
    assert_eq!(with_half.complete_digest, told.digest);
    assert_eq!(lab.post(REGISTER, &again).await["catalog"], "in_sync");
    lab.server.stop().await;
}

#[tokio::test]
async fn lists_of_peers_page_without_gap_or_double() {
    let lab = Lab::with(|_| {}).await;
    for number in 0..15_u16 {
        lab.peer(&format!("peer {number:02}"), 7071 + number).await;
    }
    for order in ["asc", "desc"] {
        let mut names = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = lab
                .get(&format!(
                    "/api/v1/peers?sort=name&order={order}&limit=4&cursor={cursor}"
                ))
                .await;
            names.extend(
                page["peers"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|peer| text(&peer["name"])),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let mut expected: Vec<_> = (0..15).map(|number| format!("peer {number:02}")).collect();
        if order == "desc" {
            expected.reverse();
        }
        assert_eq!(names, expected, "{order}");
    }
    let found = lab.get("/api/v1/peers?q=EER%2007").await;
    assert_eq!(
        (&found["count"], &found["peers"][0]["name"]),
        (&json!(1), &json!("peer 07"))
    );
    let endless = format!("/api/v1/peers?q={}", "x".repeat(257));
    let refused = lab.send("GET", &endless, &[], "").await;
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(
        (&problem["status"], &problem["pointer"]),
        (&json!(422), &json!("q"))
    );
    lab.server.stop().await;
}

/// Answers proofs of `key` at `address`, for as long as the test runs; yields the port.
async fn proving(key: SigningKey, address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let count = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..count]).into_owned();
            let nonce = head.split("nonce=").nth(1).unwrap();
            let nonce = nonce.split(' ').next().unwrap();
            let public_key = key.verifying_key().to_bytes();
            let id = PeerId::of_public_key(&public_key);
            let proof = json!({
                "id": id, "public_key": HEXLOWER.encode(&public_key),
                "signature": HEXLOWER.encode(&key.sign(&address_statement(nonce, &id)).to_bytes()),
            })
            .to_string();
            let length = proof.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{proof}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    port
}

#[tokio::test]
async fn another_loopback_address_is_published_once_it_has_answered() {
    let lab = Lab::open().await;
    let key = SigningKey::from_bytes(&[9; 32]);
    let port = proving(key.clone(), "127.0.0.7").await;
    let proven = lab
        .post(REGISTER, &signed_at(&lab, &key, "127.0.0.7", port).await)
        .await;
    assert_eq!(proven["peer"]["address"], "127.0.0.7");
    let silent = signed_at(&lab, &key, "127.0.0.8", port).await;
    assert_eq!(refused(&lab, &silent).await, "unproven-address");
    let keyless = json!({"port": port, "address": "127.0.0.7"});
    assert_eq!(refused(&lab, &keyless).await, "unproven-address");
    // Both of localhost are the address of the connection, whichever was resolved.
    for same in ["127.0.0.1", "::1"] {
        let peer = lab
            .post(REGISTER, &json!({"port": port, "address": same}))
            .await;
        assert_eq!(peer["peer"]["address"], same);
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn each_loopback_address_speaks_for_its_own_peers_and_has_its_own_limits() {
    let lab = Lab::with(|config| config.limit_loopback = true).await;
    let register = async |from: &str, count: u16| {
        let client = client_from(from);
        let mut answers = Vec::new();
        for number in 0..count {
            let request = client.post(lab.url(REGISTER));
            let body = json!({"port": 7000 + number});
            let answer = request.json(&body).send().await.unwrap();
            let status = answer.status().as_u16();
            answers.push((status, answer.json::<Value>().await.unwrap()));
        }
        answers
    };
    let first = register("127.0.0.50", 17).await;
    assert_eq!(first[15].0, 200, "{:?}", first[15]);
    assert_eq!(first[16].1["type"], "too-many-peers");
    let second = register("127.0.0.51", 1).await;
    assert_eq!(second[0].0, 200, "{:?}", second[0]);
    let id = text(&first[0].1["id"]);
    let beat = async |from: &str| {
        let request = client_from(from).post(lab.url("/api/v1/peers/heartbeat"));
        let answer = request.header("x-peer-id", &id).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(beat("127.0.0.50").await, 200);
    assert_eq!(beat("127.0.0.51").await, 403);
    assert_eq!(beat("127.0.0.1").await, 403);
    lab.server.stop().await;
}
