//! What whoever runs the index relies on.

use std::sync::Arc;
use std::time::Duration;

use index_server::config::{Config, JournalChoice};
use index_server::feed::Feed;
use index_server::http::App;
use index_server::http::listener::permits::Permits;
use index_server::http::listener::{Listener, socket};
use index_server::metrics::Metrics;
use index_server::server::Server;
use protocol::ids::PeerId;

use crate::kit::{Lab, client};

fn config() -> Config {
    let mut config = Config::in_folder("/nowhere".into());
    config.journal = JournalChoice::Memory;
    config.announce = false;
    config
}

#[tokio::test]
async fn before_the_journal_is_read_calls_are_told_to_wait() {
    let id = PeerId::from_bytes([1; 32]);
    let app = Arc::new(App::new(&config(), id, Feed::new(1), Metrics::new()));
    let bound = socket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = Listener::start(bound, &app, Permits::sparing_loopback()).unwrap();
    let get = |path: &str| {
        client()
            .get(format!("http://{}{path}", listener.local_addr()))
            .send()
    };
    for path in ["/healthz", "/metrics", "/"] {
        assert_eq!(get(path).await.unwrap().status(), 200, "{path}");
    }
    for path in [
        "/readyz",
        "/api/v1/stats",
        "/api/v1/files/search",
        "/ws",
        "/download/00",
    ] {
        let response = get(path).await.unwrap();
        assert_eq!(response.status(), 503, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
        assert!(
            response.text().await.unwrap().contains("not-ready"),
            "{path}"
        );
    }
    app.stopping().cancel();
    listener.drain(&app).await;
}

#[tokio::test]
async fn rate_limits_answer_429_with_a_time_to_come_back() {
    let lab = Lab::with(|config| config.limit_loopback = true).await;
    let mut refused = 0;
    for _ in 0..150 {
        let response = lab.send("GET", "/api/v1/files/search?q=x", &[], "").await;
        if response.status() == 429 {
            assert!(response.headers().contains_key("retry-after"));
            refused += 1;
        }
    }
    assert!(refused > 0, "150 searches at once were all answered");
    assert_eq!(
        lab.send("GET", "/api/v1/stats", &[], "").await.status(),
        200
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn a_browser_gets_the_dashboard_and_everybody_else_a_few_lines() {
    let lab = Lab::open().await;
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let page = lab.send("GET", "/", &[html], "").await;
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert_eq!(header("vary"), "accept");
    let policy = header("content-security-policy");
    let socket = format!("connect-src 'self' ws://{};", lab.addr());
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&socket), "{policy}");
    assert_eq!(page.text().await.unwrap(), assets::dashboard());
    let text = lab.send("GET", "/", &[("accept", "*/*")], "").await;
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    let text = text.text().await.unwrap();
    let join = format!("peer-tui http://{}", lab.addr());
    assert!(text.contains(&join), "{text}");
    lab.server.stop().await;
}

#[tokio::test]
async fn figures_name_the_route_and_never_the_path() {
    let lab = Lab::open().await;
    lab.send("GET", "/api/v1/files/secret", &[], "").await;
    lab.send("GET", "/secret", &[], "").await;
    let page = lab.send("GET", "/metrics", &[], "").await;
    let page = page.text().await.unwrap();
    let line = "peerdex_index_requests_total{route=\"/api/v1/files/{file}\",status=\"404\"} 1";
    assert!(page.contains(line), "{page}");
    assert!(page.contains("route=\"none\",status=\"404\"} 1"), "{page}");
    assert!(!page.contains("secret"), "{page}");
    lab.server.stop().await;
}

#[tokio::test]
async fn a_damaged_journal_without_a_shelf_costs_what_came_after_and_figures_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let open = async || {
        let data = data.clone();
        Lab::with(move |config| {
            config.data = data;
            config.journal = JournalChoice::Embedded;
        })
        .await
    };
    let lab = open().await;
    let peer = lab.peer("attic", 7071).await;
    for name in ["first", "middle", "last"] {
        lab.share(&peer, name, name).await;
    }
    lab.server.stop().await;
    std::fs::remove_dir_all(data.join("shelf")).expect("a small index has one, too");
    let journal = data.join("journal.redb");
    let mut bytes = std::fs::read(&journal).unwrap();
    for at in 0..bytes.len() - 6 {
        if &bytes[at..at + 6] == b"middle" {
            bytes[at] ^= 1;
        }
    }
    std::fs::write(&journal, &bytes).unwrap();

    let lab = open().await;
    assert_eq!(lab.get("/api/v1/stats").await["total_files"], 1);
    let figures = lab.send("GET", "/metrics", &[], "").await;
    let figures = figures.text().await.unwrap();
    for line in [
        "peerdex_index_journals_damaged_total{reason=\"lost\"} 1",
        "peerdex_index_records_lost_total 2",
    ] {
        assert!(figures.contains(line), "{figures}");
    }
    assert!(data.join("journal.redb.damaged").is_file());
    lab.server.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_sentence() {
    let lab = Lab::open().await;
    let mut config = config();
    config.listen = lab.addr();
    let error = Server::start(config).await.unwrap_err();
    let message = format!("{error:#}");
    assert!(
        message.contains("--listen") && message.contains(&lab.addr().to_string()),
        "{message}"
    );
    lab.server.stop().await;
}

#[tokio::test]
async fn stopping_lets_a_running_answer_finish_and_closes_idle_connections() {
    let lab = Lab::open().await;
    lab.get("/api/v1/stats").await;
    let started = std::time::Instant::now();
    let url = lab.url("/healthz");
    lab.server.stop().await;
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "an idle connection held it up"
    );
    assert!(
        lab.client.get(url).send().await.is_err(),
        "it still listens"
    );
}
