//! Batches: any number of lines, each judged by itself, for one owner.

use serde_json::{Value, json};

use crate::kit::{Lab, Peer, hash, text};
use crate::raw::exchange;

async fn batch(lab: &Lab, peer: Option<&Peer>, lines: String) -> (u16, Value) {
    let mut headers = vec![("content-type", "application/x-ndjson")];
    headers.extend(peer.map(|peer| ("x-peer-id", peer.id.as_str())));
    let response = lab
        .send("POST", "/api/v1/files/batch", &headers, &lines)
        .await;
    let status = response.status().as_u16();
    (status, response.json().await.expect("JSON"))
}

fn add(number: usize) -> String {
    let name = format!("dir/file {number:05}.txt");
    let line = json!({"op": "add", "filename": &name[4..], "path": name, "size": number,
        "hash": hash(&number.to_string())});
    format!("{line}\n")
}

#[tokio::test]
async fn a_long_batch_counts_every_line_and_rejects_bad_ones_alone() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let mut lines: String = (0..2_500).map(add).collect();
    let unknown = "{\"op\":\"remove\",\"id\":\"00000000000000000000000000000000\"}";
    lines.push_str(unknown);
    lines.push_str(
        "\n{\"op\":\"explode\"}\n\r\n  \n{\"op\":\"add\",\"filename\":\"x\"}\nnot json\n",
    );
    let long = "x".repeat(70_000);
    lines.push_str(&json!({"op": "add", "filename": long}).to_string());
    lines.push('\n');
    lines.push_str(&add(3_000));
    lines.push_str(unknown);
    let (status, answer) = batch(&lab, Some(&peer), lines).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["added"], &answer["updated"]),
        (&json!(2_501), &json!(0)),
        "{answer}"
    );
    let rejected: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["type"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (2_501, "unknown-file"),
        (2_502, "invalid-field"),
        (2_505, "invalid-field"),
        (2_506, "invalid-json"),
        (2_507, "body-too-large"),
        (2_509, "unknown-file"),
    ];
    assert_eq!(rejected, expected, "{answer}");
    assert_eq!(lab.get("/api/v1/stats").await["total_files"], 2_501);

    let (_, again) = batch(&lab, Some(&peer), (0..10).map(add).collect()).await;
    assert_eq!(
        (&again["added"], &again["updated"]),
        (&json!(0), &json!(10))
    );
    let page = lab
        .get(&format!(
            "/api/v1/peers/{}/files?prefix=dir/&limit=3",
            peer.id
        ))
        .await;
    assert_eq!(page["files"][2]["path"], "dir/file 00002.txt");
    let next = page["next_cursor"].as_str().unwrap();
    let path = format!(
        "/api/v1/peers/{}/files?prefix=dir/&limit=3&cursor={next}",
        peer.id
    );
    assert_eq!(
        lab.get(&path).await["files"][0]["path"],
        "dir/file 00003.txt"
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn a_batch_is_for_one_owner_named_by_the_header_or_the_lines() {
    let lab = Lab::open().await;
    let (peer, other) = (
        lab.peer("attic", 7071).await,
        lab.peer("cellar", 7072).await,
    );
    let owned = |peer: &Peer, number: usize| {
        add(number).replace("\"op\"", &format!("\"owner\":\"{}\",\"op\"", peer.id))
    };
    let (status, answer) = batch(&lab, None, owned(&peer, 1) + &add(2)).await;
    assert_eq!((status, &answer["added"]), (200, &json!(2)), "{answer}");
    // A line of another owner is rejected by itself, wherever it stands.
    for (header, first) in [(Some(&peer), 3), (None, 2_000)] {
        let good: String = (first..first + 1_200).map(|n| owned(&peer, n)).collect();
        let lines = good + &owned(&other, 9_000) + &owned(&peer, 9_000 + first);
        let (status, answer) = batch(&lab, header, lines).await;
        assert_eq!((status, &answer["added"]), (200, &json!(1_201)), "{answer}");
        let rejected = answer["rejected"].as_array().unwrap();
        assert_eq!(rejected.len(), 1, "{answer}");
        assert_eq!(
            (&rejected[0]["line"], &rejected[0]["type"]),
            (&json!(1_201), &json!("owner-mismatch"))
        );
    }
    let shared = lab.get(&format!("/api/v1/peers/{}", other.id)).await;
    assert_eq!(shared["shared_files"], 0);
    let (status, answer) = batch(&lab, None, add(5)).await;
    assert_eq!((status, &answer["type"]), (400, &json!("missing-peer-id")));
    let nobody = Peer { id: "a".repeat(52) };
    let (status, answer) = batch(&lab, Some(&nobody), (0..9_000).map(add).collect()).await;
    assert_eq!(
        (status, &answer["type"]),
        (404, &json!("unknown-peer")),
        "and it can be read"
    );
    lab.server.stop().await;
}

/// A batch in chunks of a hundred lines, of which the last one breaks off.
fn broken_off(peer: &Peer, count: usize) -> (String, usize) {
    let lines: Vec<String> = (0..count).map(add).collect();
    let chunks = lines.chunks(100).map(|some| {
        let some = some.concat();
        format!("{:x}\r\n{some}\r\n", some.len())
    });
    let head = format!(
        "POST /api/v1/files/batch HTTP/1.1\r\nHost: localhost\r\nX-Peer-ID: {}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
        peer.id
    );
    let request = head + &chunks.collect::<String>() + "no size\r\n";
    (request, lines.concat().len())
}

#[tokio::test]
async fn a_batch_that_breaks_off_says_and_counts_what_was_taken() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let figure = async |name: &str| {
        let shown = lab.send("GET", "/metrics", &[], "").await;
        let shown = shown.text().await.expect("text");
        let line = shown.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |figure| {
            figure.trim().parse::<usize>().expect("a number")
        })
    };
    let before = figure("peerdex_index_request_bytes_total").await;
    let (request, body_bytes) = broken_off(&peer, 2_500);
    let answer = exchange(&lab, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let told = "The lines before line 2001 were taken and count (2000 added, 0 updated, 0 removed)";
    assert!(answer.contains(told), "{answer}");
    assert_eq!(lab.get("/api/v1/stats").await["total_files"], 2_000);
    let added = figure("peerdex_index_ingest_lines_total{reason=\"added\"}").await;
    assert_eq!(added, 2_000);
    // In chunks, without a length in the head.
    let read = figure("peerdex_index_request_bytes_total").await - before;
    assert_eq!(read, body_bytes);

    let (request, _) = broken_off(&peer, 10);
    let answer = exchange(&lab, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(!answer.contains("were taken"), "{answer}");
}

#[tokio::test]
async fn lines_beyond_the_list_of_rejected_ones_are_counted() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    for (count, listed) in [(10_000, 10_000), (10_002, 10_000)] {
        let (status, answer) = batch(&lab, Some(&peer), "{}\n".repeat(count)).await;
        assert_eq!(status, 200);
        assert_eq!(answer["rejected_count"], count);
        let rejected = answer["rejected"].as_array().unwrap();
        assert_eq!(rejected.len(), listed);
        let last = text(&rejected[listed - 1]["detail"]);
        assert!(!last.contains("not listed"), "{last}");
    }
}

#[tokio::test]
async fn a_packed_body_and_two_peers_at_once_are_refused_in_words() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let other = lab.peer("cellar", 7072).await;
    let refused = async |headers: &[(&str, &str)]| {
        let all = [&[("content-type", "application/x-ndjson")], headers].concat();
        let response = lab.send("POST", "/api/v1/files/batch", &all, &add(1)).await;
        let status = response.status().as_u16();
        let answer: Value = response.json().await.expect("JSON");
        (status, answer["detail"].to_string())
    };
    let own = ("x-peer-id", peer.id.as_str());
    let (status, told) = refused(&[own, ("content-encoding", "gzip")]).await;
    assert_eq!(status, 415, "{told}");
    assert!(told.contains("Content-Encoding: gzip"), "{told}");
    let (status, told) = refused(&[own, ("content-encoding", "identity")]).await;
    assert_eq!(status, 200, "{told}");
    let (status, told) = refused(&[own, ("x-peer-id", other.id.as_str())]).await;
    assert_eq!(status, 400, "{told}");
    assert!(told.contains("X-Peer-ID"), "{told}");
    let (status, told) = refused(&[own, own]).await;
    assert_eq!(status, 200, "{told}");
}

#[tokio::test]
async fn a_thousand_equal_files_are_all_found_and_go_one_by_one() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let path_of = |number: usize| format!("package {number:04}/__init__.py");
    let add = |number| {
        let line = json!({"op": "add", "filename": "__init__.py", "path": path_of(number), "size": 0,
            "hash": hash("")});
        format!("{line}\n")
    };
    let (status, answer) = batch(&lab, Some(&peer), (0..1_000).map(add).collect()).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["added"], &answer["updated"]),
        (&json!(1), &json!(999))
    );
    assert_eq!(answer["rejected"], json!([]));
    for number in [0, 255, 256, 511, 999] {
        let found = lab
            .get(&format!(
                "/api/v1/files/search?q=%22package%20{number:04}%22"
            ))
            .await;
        assert_eq!(
            found["results"][0]["path"],
            json!(path_of(number)),
            "{found}"
        );
    }
    let listed = lab
        .get(&format!("/api/v1/peers/{}/files?limit=1", peer.id))
        .await;
    let id = listed["files"][0]["id"].clone();
    // From both ends and the middle, so that the last name goes first as well.
    let order = (0..500).flat_map(|step| [step, 999 - step]);
    let remove = |number| {
        let line = json!({"op": "remove", "id": id, "path": path_of(number)});
        format!("{line}\n")
    };
    let lines: Vec<String> = order.map(remove).collect();
    let (_, answer) = batch(&lab, Some(&peer), lines[..999].concat()).await;
    assert_eq!(answer["removed"], json!(999), "{answer}");
    let left = lab.get(&format!("/api/v1/peers/{}/files", peer.id)).await;
    assert_eq!(left["files"].as_array().unwrap().len(), 1, "{left}");
    let (_, answer) = batch(&lab, Some(&peer), lines[999].clone()).await;
    assert_eq!(answer["removed"], json!(1), "{answer}");
    let figures = lab.get("/api/v1/stats").await;
    assert_eq!(figures["total_files"], json!(0));
}
