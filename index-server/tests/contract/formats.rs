//! Journals that earlier versions wrote still open, and say what they said then.
//!
//! Each folder of `tests/formats` holds a journal and the answers of the index that wrote it. A new
//! one is made with `WRITE_FORMAT=NAME cargo test -p index-server --test contract formats`, when the
//! stored form has changed; the old ones stay for ever.

use std::path::{Path, PathBuf};

use index_server::config::JournalChoice;
use index_server::journal::EmbeddedJournal;
use serde_json::{Value, json};

use crate::kit::{Lab, hash, text};

#[tokio::test]
async fn every_journal_ever_written_opens_and_says_what_it_said() {
    if let Some(name) = std::env::var_os("WRITE_FORMAT") {
        write(&formats().join(name)).await;
    }
    let mut count = 0;
    for folder in std::fs::read_dir(formats()).expect("the formats") {
        let folder = folder.expect("a format").path();
        let told = std::fs::read(folder.join("answers.json")).expect("its answers");
        let told: Value = serde_json::from_slice(&told).expect("JSON");
        let data = tempfile::tempdir().expect("a folder");
        std::fs::copy(path(&folder), path(data.path())).expect("copied");
        let lab = open(data.path()).await;
        for (page, answer) in told.as_object().expect("answers by page") {
            let now = lab.get(page).await;
            let place = format!("{page} of {}", folder.display());
            assert!(
                still_says(&now, answer),
                "{place}: {now:#}\nnot: {answer:#}"
            );
        }
        lab.server.stop().await;
        count += 1;
    }
    assert!(count > 0);
}

fn formats() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

fn path(data: &Path) -> PathBuf {
    EmbeddedJournal::path_in(data)
}

async fn open(data: &Path) -> Lab {
    Lab::with(|config| {
        data.clone_into(&mut config.data);
        config.journal = JournalChoice::Embedded;
    })
    .await
}

/// Whether all that was told is told now; newer programs may tell more.
fn still_says(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => then
            .iter()
            .all(|(name, then)| now.get(name).is_some_and(|now| still_says(now, then))),
        (Value::Array(now), Value::Array(then)) => {
            let mut pairs = now.iter().zip(then);
            now.len() == then.len() && pairs.all(|(now, then)| still_says(now, then))
        }
        _ => now == then,
    }
}

/// An answer without what every run tells otherwise.
fn settled(mut answer: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| {
                    !["last_updated", "last_seen", "took_us"].contains(&name.as_str())
                });
                fields.values_mut().for_each(strip);
            }
            Value::Array(rows) => rows.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut answer);
    answer
}

/// A little of everything, half of it in a snapshot and half behind it.
async fn write(folder: &Path) {
    let data = tempfile::tempdir().expect("a folder");
    let lab = open(data.path()).await;
    let attic = lab.peer("attic", 7071).await;
    let one = lab.share(&attic, "a/one.iso", "one").await;
    lab.share(&attic, "b/also one.iso", "one").await;
    lab.share(&attic, "gone later.txt", "gone").await;
    lab.send("GET", &format!("/download/{one}"), &[], "").await;
    lab.server.stop().await;
    let journal = EmbeddedJournal::open(data.path()).expect("opened");
    index_server::sequencer::compact(&journal).expect("compacted");
    drop(journal);

    let lab = open(data.path()).await;
    let cellar = lab.peer("cellar", 7072).await;
    let two = lab.share(&cellar, "c/Zwei.mp3", "two").await;
    let header = [
        ("x-peer-id", cellar.id.as_str()),
        ("content-type", "application/json"),
    ];
    let rating = format!("/api/v1/files/{one}/rating");
    lab.send("POST", &rating, &header, r#"{"stars":4}"#).await;
    let report = json!({"content": hash("one"), "outcome": "ok", "bytes": 3}).to_string();
    let about = format!("/api/v1/peers/{}/report", attic.id);
    lab.send("POST", &about, &header, &report).await;
    let partial = json!({"filename": "half.iso", "size": 9, "hash": hash("half"),
        "owner": cellar.id, "partial": true});
    lab.post("/api/v1/files/register", &partial).await;
    let listed = lab.get(&format!("/api/v1/peers/{}/files", attic.id)).await;
    let rows = listed["files"].as_array().expect("rows");
    let gone = rows.iter().find(|row| row["filename"] == "gone later.txt");
    let gone = text(&gone.expect("the file")["id"]);
    let header = [("x-peer-id", attic.id.as_str())];
    lab.send("DELETE", &format!("/api/v1/files/{gone}"), &header, "")
        .await;
    let mut answers = serde_json::Map::new();
    for page in [
        "/api/v1/stats".to_owned(),
        "/api/v1/peers".to_owned(),
        format!("/api/v1/peers/{}/files", attic.id),
        format!("/api/v1/peers/{}/files", cellar.id),
        format!("/api/v1/files/{one}"),
        format!("/api/v1/files/{two}"),
        format!("/api/v1/content/{}", hash("half")),
        "/api/v1/files/search?q=iso".to_owned(),
    ] {
        let answer = settled(lab.get(&page).await);
        answers.insert(page, answer);
    }
    lab.server.stop().await;
    std::fs::create_dir_all(folder).expect("its folder");
    std::fs::copy(path(data.path()), path(folder)).expect("copied");
    let answers = serde_json::to_string_pretty(&Value::Object(answers)).expect("JSON");
    std::fs::write(folder.join("answers.json"), answers + "\n").expect("written");
}
