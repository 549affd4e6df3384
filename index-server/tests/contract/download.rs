//! Redirects: to whom, under which address, and what is counted.

use reqwest::Response;
use serde_json::json;

use crate::kit::{Lab, client, text};

fn location(response: &Response) -> &str {
    response.headers()["location"].to_str().unwrap()
}

#[tokio::test]
async fn a_redirect_leads_to_the_owner_and_counts_once() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let id = lab.share(&peer, "é/so ng#1 50%.ogg", "la").await;
    let path = format!("/download/{id}");
    let head = lab.send("HEAD", &path, &[], "").await;
    let get = lab.send("GET", &path, &[], "").await;
    for response in [&head, &get] {
        assert_eq!(response.status(), 302);
        let expected =
            format!("http://127.0.0.1:7071/download?filename=so%20ng%231%2050%25.ogg&id={id}");
        assert_eq!(location(response), expected);
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    }
    let file = lab.get(&format!("/api/v1/files/{id}")).await;
    assert_eq!(file["downloads"], 1, "HEAD counts nothing");
    assert_eq!(lab.get("/api/v1/stats").await["total_downloads"], 1);
    lab.server.stop().await;
}

#[tokio::test]
async fn a_page_of_elsewhere_counts_no_download() {
    let lab = Lab::open().await;
    let peer = lab.peer("attic", 7071).await;
    let id = lab.share(&peer, "song.ogg", "la").await;
    let path = format!("/download/{id}");
    let foreign = [("origin", "http://evil.example")];
    let refused = lab.send("GET", &path, &foreign, "").await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("forbidden-origin"));
    assert_eq!(lab.get("/api/v1/stats").await["total_downloads"], 0);
    let own = format!("http://{}", lab.addr());
    for headers in [&[("origin", own.as_str())][..], &[]] {
        assert_eq!(lab.send("GET", &path, headers, "").await.status(), 302);
    }
    // Nothing is counted by asking where it would lead.
    assert_eq!(lab.send("HEAD", &path, &foreign, "").await.status(), 302);
    lab.server.stop().await;
}

#[tokio::test]
async fn when_the_owner_is_gone_another_holder_serves_and_then_nobody() {
    let lab = Lab::open().await;
    let (first, second) = (
        lab.peer("attic", 7071).await,
        lab.peer("cellar", 7072).await,
    );
    let third = lab.peer("shed", 7073).await;
    let id = lab.share(&first, "song.ogg", "la").await;
    let copy = lab.share(&second, "copies/other name.ogg", "la").await;
    let partial = json!({"filename": "song.ogg", "size": 2, "hash": crate::kit::hash("la"),
        "owner": third.id, "partial": true});
    let partial = text(&lab.post("/api/v1/files/register", &partial).await["id"]);

    let path = format!("/download/{id}");
    let to = |port: u16, name: &str, id: &str| {
        format!("http://127.0.0.1:{port}/download?filename={name}&id={id}")
    };
    let response = lab.send("GET", &path, &[], "").await;
    assert_eq!(location(&response), to(7071, "song.ogg", &id));
    let response = lab
        .send("GET", &format!("/download/{partial}"), &[], "")
        .await;
    assert!(location(&response).contains(":707"), "{response:?}");
    assert!(
        !location(&response).contains(":7073"),
        "never to an unfinished one"
    );

    let leave = |peer: &str| format!("/api/v1/peers/{peer}");
    lab.send("DELETE", &leave(&first.id), &[("x-peer-id", &first.id)], "")
        .await;
    let response = lab.send("GET", &path, &[], "").await;
    assert_eq!(location(&response), to(7072, "other%20name.ogg", &copy));

    lab.send(
        "DELETE",
        &leave(&second.id),
        &[("x-peer-id", &second.id)],
        "",
    )
    .await;
    let response = lab.send("GET", &path, &[], "").await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    assert!(response.text().await.unwrap().contains("no-source-online"));
    lab.server.stop().await;
}

#[tokio::test]
async fn a_metalink_names_every_holder_that_is_online_and_has_all() {
    let lab = Lab::open().await;
    let (first, second) = (
        lab.peer("attic", 7071).await,
        lab.peer("cellar", 7072).await,
    );
    let (third, hash) = (lab.peer("shed", 7073).await, crate::kit::hash("la"));
    lab.share(&first, "music/salt & pepper.ogg", "la").await;
    lab.share(&second, "salt & pepper.ogg", "la").await;
    let partial = json!({"filename": "song.ogg", "size": 2, "hash": hash, "owner": third.id,
        "partial": true});
    lab.post("/api/v1/files/register", &partial).await;

    let path = format!("/content/{hash}.meta4");
    let response = lab.send("GET", &path, &[], "").await;
    assert_eq!(response.status(), 200);
    let kind = &response.headers()["content-type"];
    assert_eq!(kind, "application/metalink4+xml");
    let text = response.text().await.unwrap();
    for part in [
        "<metalink xmlns=\"urn:ietf:params:xml:ns:metalink\">",
        "<file name=\"salt &amp; pepper.ogg\">",
        "<size>2</size>",
        &format!("<hash type=\"sha-256\">{hash}</hash>"),
        &format!(">http://127.0.0.1:7071/content/{hash}</url>"),
        &format!(">http://127.0.0.1:7072/content/{hash}</url>"),
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(text.matches("<url ").count(), 2, "not the unfinished one");

    let unknown = format!("/content/{}.meta4", crate::kit::hash("other"));
    assert_eq!(lab.send("GET", &unknown, &[], "").await.status(), 404);
    for peer in [&first, &second] {
        let path = format!("/api/v1/peers/{}", peer.id);
        lab.send("DELETE", &path, &[("x-peer-id", &peer.id)], "")
            .await;
    }
    let response = lab.send("GET", &path, &[], "").await;
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("retry-after"));
    lab.server.stop().await;
}

#[tokio::test]
async fn a_peer_of_this_machine_is_reached_under_the_host_that_the_client_used() {
    let lab = Lab::with(|config| config.listen = "[::]:0".parse().unwrap()).await;
    let port = lab.addr().port();
    let register = format!("http://127.0.0.1:{port}/api/v1/peers/register");
    let body = json!({"port": 7071, "name": "attic", "shared_files": 0});
    let answer = client().post(register).json(&body).send().await.unwrap();
    let peer = crate::kit::Peer {
        id: text(&answer.json::<serde_json::Value>().await.unwrap()["id"]),
    };
    // From one's own address the index is "the same machine", from elsewhere it is not; only the
    // first can be had in a test without a network.
    for host in ["127.0.0.1", "[::1]"] {
        let url = format!("http://{host}:{port}/api/v1/peers/{}", peer.id);
        let shown: serde_json::Value = client()
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(shown["address"], "127.0.0.1", "seen from {host}");
    }
    lab.server.stop().await;
}
