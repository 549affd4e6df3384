//! Behind a reverse proxy: whom the index takes for the client, and what follows from that.

use index_server::http::listener::socket::own_address_towards;
use reqwest::Client;
use serde_json::{Value, json};

use crate::kit::{Lab, client_from, text};

const REGISTER: &str = "/api/v1/peers/register";
const PROXY: &str = "127.0.0.20";

/// An index that believes one address of this machine.
async fn lab() -> Lab {
    let trusted = "127.0.0.20/32".parse().expect("a network");
    Lab::with(|config| config.trusted_proxies = vec![trusted]).await
}

/// A call that a proxy passes on for `of`; status and answer.
async fn passed_on(lab: &Lab, proxy: &Client, of: &str, path: &str, peer: &str) -> (u16, Value) {
    let mut request = match path {
        REGISTER => proxy
            .post(lab.url(path))
            .json(&json!({"port": 7071, "name": of})),
        "/api/v1/peers/heartbeat" => proxy.post(lab.url(path)).header("x-peer-id", peer),
        _ => proxy.get(lab.url(path)),
    };
    if !of.is_empty() {
        request = request.header("x-forwarded-for", of);
    }
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn the_client_of_a_trusted_proxy_is_told_by_its_header() {
    let lab = lab().await;
    let (proxy, stranger) = (client_from(PROXY), client_from("127.0.0.21"));
    let figures = "/api/v1/stats";
    let (status, problem) = passed_on(&lab, &stranger, "192.168.7.7", figures, "").await;
    assert_eq!(
        (status, &problem["type"]),
        (403, &json!("forwarded-refused"))
    );
    let detail = text(&problem["detail"]);
    assert!(detail.contains("--trusted-proxy 127.0.0.21"), "{detail}");
    for (of, status, slug) in [
        ("192.168.7.7", 200, None),
        ("8.8.8.8, 192.168.7.7", 200, None),
        ("192.168.7.7, 8.8.8.8", 403, Some("public-address-refused")),
        (
            "192.168.7.7, 8.8.8.8, 127.0.0.20",
            403,
            Some("public-address-refused"),
        ),
        ("somebody", 400, Some("invalid-request")),
    ] {
        let (found, answer) = passed_on(&lab, &proxy, of, figures, "").await;
        assert_eq!((found, answer["type"].as_str()), (status, slug), "{of}");
    }

    // Published under its own address, and spoken for from there alone.
    let (status, answer) = passed_on(&lab, &proxy, "192.168.7.7", REGISTER, "").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["peer"]["address"], "192.168.7.7");
    let id = text(&answer["id"]);
    for (of, status) in [("192.168.7.7", 200), ("192.168.7.8", 403), ("", 403)] {
        let beat = "/api/v1/peers/heartbeat";
        let (found, answer) = passed_on(&lab, &proxy, of, beat, &id).await;
        assert_eq!(found, status, "{of}: {answer}");
    }
    lab.server.stop().await;
}

#[tokio::test]
async fn limits_count_the_client_and_not_the_proxy() {
    let lab = lab().await;
    let proxy = client_from(PROXY);
    let mut statuses = Vec::new();
    for _ in 0..21 {
        statuses.push(passed_on(&lab, &proxy, "192.168.7.7", REGISTER, "").await.0);
    }
    assert_eq!(statuses.pop(), Some(429), "{statuses:?}");
    assert_eq!(statuses[0], 200);
    let (status, answer) = passed_on(&lab, &proxy, "192.168.7.8", REGISTER, "").await;
    assert_eq!(status, 200, "{answer}");
    lab.server.stop().await;
}

#[tokio::test]
async fn a_peer_of_this_machine_is_shown_to_the_client_of_a_proxy_as_to_any_other() {
    let lab = lab().await;
    let proxy = client_from(PROXY);
    let peer = lab.peer("attic", 7071).await;
    let path = format!("/api/v1/peers/{}", peer.id);
    let shown = async |of: &str| {
        let (_, peer) = passed_on(&lab, &proxy, of, &path, "").await;
        text(&peer["address"])
    };
    assert_eq!(shown("").await, "127.0.0.1");
    assert_eq!(shown("127.0.0.1").await, "127.0.0.1");
    // As this machine is reached from there; loopback only where it has no network at all.
    let client = "192.168.7.7".parse().expect("an address");
    let towards = own_address_towards(client).map(|address| address.to_string());
    let expected = towards.unwrap_or_else(|| "127.0.0.1".to_owned());
    assert_eq!(shown("192.168.7.7").await, expected);
    lab.server.stop().await;
}
