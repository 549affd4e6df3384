//! Every path with what it answers to the right and to the wrong call.

use protocol::problem::Slug;

use crate::kit::{Lab, hash};

pub const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends a call and looks at status and, where it is refused, slug and shape of the problem.
pub async fn check(
    lab: &Lab,
    call: &str,
    headers: &[(&str, &str)],
    body: &str,
    expected: Result<u16, Slug>,
) {
    let (method, path) = call.split_once(' ').unwrap();
    let response = lab.send(method, path, headers, body).await;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type").cloned();
    let text = response.text().await.unwrap();
    let shown = format!("{call} {headers:?} {body:?}: {status} {text}");
    match expected {
        Ok(expected) => assert_eq!(status, expected, "{shown}"),
        Err(slug) => {
            assert_eq!(status, slug.status(), "{shown}");
            if method == "HEAD" {
                return;
            }
            assert_eq!(content_type.unwrap(), "application/problem+json", "{shown}");
            let problem: protocol::problem::Problem = serde_json::from_str(&text).unwrap();
            assert_eq!(problem.slug, slug.as_str(), "{shown}");
            assert_eq!(problem.status, status, "{shown}");
            assert!(problem.detail.len() > 10, "{shown}");
        }
    }
}

#[tokio::test]
async fn reads_answer_and_refuse_as_the_contract_says() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let file = lab.share(&peer, "music/song.ogg", "la").await;
    let (id, content) = (&peer.id, hash("la"));
    let nobody = "a".repeat(52);
    for good in [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/stats",
        "/api/v1/nonce",
        "/api/v1/peers",
        "/api/v1/peers?online=true&q=att&sort=last_seen&order=asc&limit=1&new=1",
        &format!("/api/v1/peers/{id}"),
        &format!("/api/v1/peers/{id}/files?prefix=music/&limit=5"),
        &format!("/api/v1/files/{file}"),
        "/api/v1/files/search",
        "/api/v1/files/search?q=",
        "/api/v1/files/search?q=song&category=audio&tags=music,song&sort=size&order=desc&limit=200\
         &min_size=0&max_size=18446744073709551615&online=false&collapse=false&cursor=&unknown=x",
        &format!("/api/v1/files/search?hash={content}&owner={id}"),
        &format!("/api/v1/content/{content}"),
    ] {
        check(&lab, &format!("GET {good}"), &[], "", Ok(200)).await;
        check(&lab, &format!("HEAD {good}"), &[], "", Ok(200)).await;
        check(&lab, &format!("OPTIONS {good}"), &[], "", Ok(204)).await;
        check(
            &lab,
            &format!("PATCH {good}"),
            &[],
            "",
            Err(Slug::MethodNotAllowed),
        )
        .await;
    }
    for (bad, slug) in [
        ("/nothing", Slug::NotFound),
        ("/api/v1/peers/", Slug::NotFound),
        ("/api/v2/peers", Slug::NotFound),
        (&format!("/api/v1/peers/{nobody}"), Slug::UnknownPeer),
        (&format!("/api/v1/peers/{nobody}/files"), Slug::UnknownPeer),
        ("/api/v1/peers?limit=0", Slug::InvalidField),
        ("/api/v1/peers?limit=x", Slug::InvalidParameter),
        ("/api/v1/peers?sort=size", Slug::InvalidParameter),
        ("/api/v1/peers?online=2", Slug::InvalidParameter),
        ("/api/v1/peers?cursor=zzz", Slug::InvalidParameter),
        (
            &format!("/api/v1/peers/{id}/files?cursor=zzz"),
            Slug::InvalidParameter,
        ),
        ("/api/v1/files/search?q=%ff%fe", Slug::InvalidParameter),
        ("/api/v1/files/search?q=%zz", Slug::InvalidParameter),
        ("/api/v1/peers?unknown=100%", Slug::InvalidParameter),
        ("/api/v1/stats?%c3=1", Slug::InvalidParameter),
        ("/api/v1/files/00", Slug::UnknownFile),
        (
            "/api/v1/files/00000000000000000000000000000000",
            Slug::UnknownFile,
        ),
        ("/api/v1/files/search?limit=201", Slug::InvalidField),
        ("/api/v1/files/search?limit=-1", Slug::InvalidParameter),
        ("/api/v1/files/search?min_size=1e3", Slug::InvalidParameter),
        (
            "/api/v1/files/search?max_size=18446744073709551616",
            Slug::InvalidParameter,
        ),
        (
            "/api/v1/files/search?category=films",
            Slug::InvalidParameter,
        ),
        ("/api/v1/files/search?hash=12", Slug::InvalidParameter),
        ("/api/v1/files/search?owner=me", Slug::InvalidParameter),
        ("/api/v1/files/search?cursor=zzz", Slug::InvalidParameter),
        ("/api/v1/files/search?q=size:%3Ebig", Slug::InvalidQuery),
        (
            &format!("/api/v1/files/search?q={}", "x".repeat(257)),
            Slug::InvalidField,
        ),
        ("/api/v1/files/search?q=size:2M..1M", Slug::InvalidField),
        (
            "/api/v1/files/search?min_size=2&max_size=1",
            Slug::InvalidField,
        ),
        (
            &format!("/api/v1/content/{}", hash("other")),
            Slug::UnknownContent,
        ),
        ("/api/v1/content/12", Slug::UnknownContent),
        ("/download/00", Slug::UnknownFile),
        ("/ws", Slug::UpgradeRequired),
        ("/api/v1/ws", Slug::UpgradeRequired),
    ] {
        check(&lab, &format!("GET {bad}"), &[], "", Err(slug)).await;
        check(&lab, &format!("HEAD {bad}"), &[], "", Err(slug)).await;
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn calls_that_change_something_say_who_acts_and_send_json() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let other = lab.peer("cellar", 7072).await;
    let file = lab.share(&peer, "song.ogg", "la").await;
    let me = ("x-peer-id", peer.id.as_str());
    let nobody = "a".repeat(52);
    let beat = "POST /api/v1/peers/heartbeat";
    check(&lab, beat, &[me], "", Ok(200)).await;
    check(&lab, beat, &[], "", Err(Slug::MissingPeerId)).await;
    check(
        &lab,
        beat,
        &[("x-peer-id", "me")],
        "",
        Err(Slug::UnknownPeer),
    )
    .await;
    check(
        &lab,
        beat,
        &[("x-peer-id", &nobody)],
        "",
        Err(Slug::UnknownPeer),
    )
    .await;
    check(
        &lab,
        "GET /api/v1/peers/heartbeat",
        &[],
        "",
        Err(Slug::MethodNotAllowed),
    )
    .await;

    let register = "POST /api/v1/peers/register";
    let port = "{\"port\":7073,\"future\":[]}";
    check(&lab, register, &[JSON], port, Ok(200)).await;
    let with_charset = ("content-type", "Application/JSON; charset=utf-8");
    check(&lab, register, &[with_charset], port, Ok(200)).await;
    check(&lab, register, &[], port, Err(Slug::UnsupportedMediaType)).await;
    let plain = ("content-type", "text/plain");
    check(
        &lab,
        register,
        &[plain],
        port,
        Err(Slug::UnsupportedMediaType),
    )
    .await;
    check(
        &lab,
        register,
        &[JSON],
        "{\"port\":",
        Err(Slug::InvalidJson),
    )
    .await;
    check(&lab, register, &[JSON], "", Err(Slug::InvalidJson)).await;
    let large = format!("{{\"port\":1,\"name\":\"{}\"}}", "x".repeat(1 << 20));
    check(&lab, register, &[JSON], &large, Err(Slug::BodyTooLarge)).await;
    for field in [
        "{\"port\":0}",
        "{\"port\":\"1\"}",
        "{\"port\":65536}",
        "{\"port\":-1}",
        "{}",
        "[null, null, null, 7073]",
        "{\"port\":1,\"name\":\"a\\u0000b\"}",
        "{\"port\":1,\"address\":\"example.com\"}",
        "{\"port\":1,\"address\":\"10.0.0.1:80\"}",
        "{\"port\":1,\"catalog_digest\":\"xyz\"}",
        "{\"port\":1,\"public_key\":\"00\"}",
    ] {
        check(&lab, register, &[JSON], field, Err(Slug::InvalidField)).await;
    }
    let long = format!("{{\"port\":1,\"name\":\"{}\"}}", "x".repeat(129));
    check(&lab, register, &[JSON], &long, Err(Slug::InvalidField)).await;
    let elsewhere = "{\"port\":7073,\"address\":\"10.11.12.13\"}";
    check(
        &lab,
        register,
        &[JSON],
        elsewhere,
        Err(Slug::UnprovenAddress),
    )
    .await;
    let metadata = "{\"port\":7073,\"address\":\"169.254.169.254\"}";
    check(
        &lab,
        register,
        &[JSON],
        metadata,
        Err(Slug::ForbiddenAddress),
    )
    .await;

    let files = "POST /api/v1/files/register";
    let add = |owner: &str| {
        format!(
            "{{\"filename\":\"a\",\"size\":1,\"hash\":\"{}\",\"owner\":\"{owner}\"}}",
            hash("a")
        )
    };
    check(&lab, files, &[JSON], &add(&peer.id), Ok(200)).await;
    check(&lab, files, &[JSON, me], &add(&peer.id), Ok(200)).await;
    check(
        &lab,
        files,
        &[JSON, me],
        &add(&other.id),
        Err(Slug::OwnerMismatch),
    )
    .await;
    check(&lab, files, &[JSON], &add(&nobody), Err(Slug::UnknownPeer)).await;
    check(
        &lab,
        files,
        &[JSON],
        "{\"filename\":\"a\"}",
        Err(Slug::InvalidField),
    )
    .await;
    let null = add(&peer.id).replace("\"size\"", "\"partial\":null,\"size\"");
    check(&lab, files, &[JSON], &null, Ok(200)).await;
    let up = add(&peer.id).replace("\"a\"", "\"../a\"");
    check(&lab, files, &[JSON], &up, Err(Slug::InvalidField)).await;

    let rate = format!("POST /api/v1/files/{file}/rating");
    let you = ("x-peer-id", other.id.as_str());
    check(&lab, &rate, &[JSON, you], "{\"stars\":5}", Ok(200)).await;
    check(
        &lab,
        &rate,
        &[JSON, you],
        "{\"stars\":6}",
        Err(Slug::InvalidField),
    )
    .await;
    check(
        &lab,
        &rate,
        &[JSON, you],
        "{\"stars\":999}",
        Err(Slug::InvalidField),
    )
    .await;
    check(
        &lab,
        &rate,
        &[JSON],
        "{\"stars\":5}",
        Err(Slug::MissingPeerId),
    )
    .await;

    let report = format!("POST /api/v1/peers/{}/report", peer.id);
    let told = format!(
        "{{\"content\":\"{}\",\"outcome\":\"ok\",\"bytes\":2}}",
        hash("la")
    );
    check(&lab, &report, &[JSON, you], &told, Ok(204)).await;
    let wrong = told.replace("ok", "splendid");
    check(&lab, &report, &[JSON, you], &wrong, Err(Slug::InvalidField)).await;
    let oneself = lab.send("POST", &report[5..], &[JSON, me], &told).await;
    assert_eq!(oneself.status(), 422);
    assert!(oneself.text().await.unwrap().contains("\"pointer\":\"id\""));

    let lookup = "POST /api/v1/content/lookup";
    let hashes = |count: usize| format!("{{\"hashes\":{:?}}}", vec![hash("la"); count]);
    check(&lab, lookup, &[JSON], &hashes(1_000), Ok(200)).await;
    check(
        &lab,
        lookup,
        &[JSON],
        &hashes(1_001),
        Err(Slug::InvalidField),
    )
    .await;
    check(
        &lab,
        lookup,
        &[JSON],
        "{\"hashes\":[\"1\"]}",
        Err(Slug::InvalidField),
    )
    .await;

    let withdraw = format!("DELETE /api/v1/files/{file}");
    check(&lab, &withdraw, &[], "", Err(Slug::MissingPeerId)).await;
    check(&lab, &withdraw, &[you], "", Err(Slug::UnknownFile)).await;
    check(&lab, &withdraw, &[me], "", Ok(204)).await;
    check(&lab, &withdraw, &[me], "", Err(Slug::UnknownFile)).await;
    let leave = format!("DELETE /api/v1/peers/{}", peer.id);
    check(&lab, &leave, &[me], "", Ok(204)).await;
    lab.server.stop().await;
}
