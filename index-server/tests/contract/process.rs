//! The real program: what it prints, what it keeps when it is killed, how it ends.

use std::path::Path;
use std::process::Stdio;

use reqwest::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::kit::{PATIENCE, client, hash, text};

struct Program {
    child: Child,
    url: String,
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_index-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PEERDEX_")) {
        command.env_remove(name);
    }
    command
        .arg("--data")
        .arg(data)
        .arg("--no-announce")
        .kill_on_drop(true);
    command
}

impl Program {
    async fn start(data: &Path) -> Self {
        let mut child = command(data)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("its output");
        let mut lines = BufReader::new(out).lines();
        let line = timeout(PATIENCE, lines.next_line()).await.expect("in time");
        let line = line.expect("readable").expect("a line");
        let url = line
            .strip_prefix("index-server listening on ")
            .expect("the line that scripts wait for")
            .to_owned();
        Self { child, url }
    }

    async fn get(&self, path: &str) -> Value {
        let response = client()
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str, peer: Option<&str>, body: &Value) -> Value {
        let mut request = client().post(format!("{}{path}", self.url)).json(body);
        if let Some(peer) = peer {
            request = request.header("x-peer-id", peer);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok());
        let pid = pid.and_then(Pid::from_raw).expect("it runs");
        kill_process(pid, signal).expect("it can be signalled");
    }

    async fn end(&mut self) -> Option<i32> {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends");
        status.expect("it was ours").code()
    }
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path()).await;
    let peer = json!({"name": "attic", "port": 7071, "region": "cellar", "version": "1"});
    let id = text(&program.post("/api/v1/peers/register", None, &peer).await["id"]);
    let mut files = Vec::new();
    for name in ["a/one.txt", "a/two.txt", "b/three.txt"] {
        let file = json!({"filename": &name[2..], "path": name, "size": 3, "hash": hash(name), "owner": id});
        files.push(text(
            &program.post("/api/v1/files/register", None, &file).await["id"],
        ));
    }
    // A second name of the first content.
    let file = json!({"filename": "copy.txt", "size": 3, "hash": hash("a/one.txt"), "owner": id});
    program.post("/api/v1/files/register", None, &file).await;
    for _ in 0..3 {
        client()
            .get(format!("{}/download/{}", program.url, files[1]))
            .send()
            .await
            .unwrap();
    }
    let voter = json!({"name": "voter", "port": 7072});
    let voter = text(&program.post("/api/v1/peers/register", None, &voter).await["id"]);
    let rating = format!("/api/v1/files/{}/rating", files[2]);
    program
        .post(&rating, Some(&voter), &json!({"stars": 4}))
        .await;
    let mut before = Vec::new();
    let pages = [
        format!("/api/v1/files/{}", files[0]),
        format!("/api/v1/files/{}", files[1]),
        format!("/api/v1/files/{}", files[2]),
        format!("/api/v1/peers/{id}/files"),
    ];
    for page in &pages {
        before.push(program.get(page).await);
    }
    program.child.kill().await.unwrap();

    let program = Program::start(folder.path()).await;
    for (page, before) in pages.iter().zip(before) {
        let now = program.get(page).await;
        assert_eq!(without_sources(now), without_sources(before), "{page}");
    }
    let attic = program.get(&format!("/api/v1/peers/{id}")).await;
    assert_eq!(
        (&attic["name"], &attic["region"], &attic["port"]),
        (&json!("attic"), &json!("cellar"), &json!(7071))
    );
    let stats = program.get("/api/v1/stats").await;
    assert_eq!(
        (&stats["total_files"], &stats["total_downloads"]),
        (&json!(3), &json!(3))
    );
    program
        .post("/api/v1/peers/heartbeat", Some(&id), &json!({}))
        .await;
    let copy = program
        .get("/api/v1/files/search?q=copy&online=false")
        .await;
    assert_eq!(copy["results"][0]["id"], files[0].as_str());
    assert_eq!(
        program.get(&format!("/api/v1/files/{}", files[1])).await["downloads"],
        3
    );
    assert_eq!(
        program.get(&format!("/api/v1/files/{}", files[2])).await["rating"],
        4.0
    );
}

#[tokio::test]
async fn compact_shortens_the_journal_of_an_index_that_is_stopped_and_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let compact = async || {
        let output = command(folder.path()).arg("compact").output();
        let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    };
    let (code, told) = compact().await;
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("journal.redb") && told.contains("--data"),
        "{told}"
    );

    let mut program = Program::start(folder.path()).await;
    let peer = json!({"name": "attic", "port": 7071});
    let id = text(&program.post("/api/v1/peers/register", None, &peer).await["id"]);
    for number in 0..40 {
        let name = format!("{number}.txt");
        let file = json!({"filename": name, "size": 3, "hash": hash("same"), "owner": id});
        program.post("/api/v1/files/register", None, &file).await;
    }
    let page = format!("/api/v1/peers/{id}/files");
    let before = program.get(&page).await;
    let (code, told) = compact().await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("another index uses"), "{told}");
    program.child.kill().await.unwrap();

    let size = || {
        std::fs::metadata(folder.path().join("journal.redb"))
            .unwrap()
            .len()
    };
    let long = size();
    let (code, told) = compact().await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("3 records"), "{told}");
    assert!(size() < long, "{long} before, {} now", size());
    let program = Program::start(folder.path()).await;
    assert_eq!(program.get(&page).await, before);
}

/// Who is online right after a restart is another matter.
fn without_sources(mut page: Value) -> Value {
    let rows = page["files"].as_array_mut().map(std::mem::take);
    if let Some(mut rows) = rows {
        for row in &mut rows {
            row["sources"] = Value::Null;
        }
        page["files"] = rows.into();
    } else {
        page["sources"] = Value::Null;
    }
    page
}

#[tokio::test]
async fn sigterm_ends_it_well_and_a_second_one_on_its_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path()).await;
    let second = command(folder.path())
        .args(["--listen", "127.0.0.1:0"])
        .output();
    let second = timeout(PATIENCE, second).await.expect("it ends").unwrap();
    assert_eq!(second.status.code(), Some(1));
    let message = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(message.contains("--data"), "{message}");
    program.signal(Signal::TERM);
    assert_eq!(program.end().await, Some(0));
}

#[tokio::test]
async fn wrong_settings_exit_with_2_and_a_taken_port_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: Vec<String>| {
        let mut command = command(folder.path());
        async move {
            let output = command.args(arguments).output();
            let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
            (
                output.status.code(),
                String::from_utf8_lossy(&output.stderr).into_owned(),
            )
        }
    };
    let arguments = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    for wrong in [
        ["--listen", "everywhere"],
        ["--journal", "nats://localhost:4222"],
        ["--config", "/nowhere/index.toml"],
        ["--offline-after", "1"],
        ["--log-level", "bogus"],
        ["--trusted-proxy", "proxy.example"],
        ["--sweep-every", "18446744073709551615"],
        ["--colour", "red"],
    ] {
        let (code, message) = run(arguments(&wrong)).await;
        assert_eq!(code, Some(2), "{wrong:?}: {message}");
        assert!(
            message.contains(wrong[0].trim_start_matches('-')),
            "{wrong:?}: {message}"
        );
    }
    let (code, _) = run(arguments(&["check-config"])).await;
    assert_eq!(code, Some(0));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, message) = run(arguments(&["--listen", &address])).await;
    assert_eq!(code, Some(1));
    assert!(
        message.contains(&address) && message.contains("--listen"),
        "{message}"
    );
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    std::fs::write(&file, "x").unwrap();
    let output = command(&file).args(["--listen", "127.0.0.1:0"]).output();
    let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("a file") && message.contains("--data"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[tokio::test]
async fn a_short_silence_alone_is_enough_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let silence = ["--offline-after", "2", "--sweep-every", "1"];
    let mut command = command(folder.path());
    let output = command.arg("check-config").args(silence).output();
    let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("heartbeat_interval = \"1s\""), "{text}");
}

#[tokio::test]
async fn log_lines_go_to_standard_error_as_json_when_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path())
        .args(["--listen", "127.0.0.1:0", "--log-format", "json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = timeout(PATIENCE, lines.next_line())
        .await
        .expect("in time")
        .unwrap()
        .unwrap();
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["fields"]["message"], "ready");
    child.start_kill().unwrap();
    let mut rest = String::new();
    let _ = lines.into_inner().read_to_string(&mut rest).await;
}
