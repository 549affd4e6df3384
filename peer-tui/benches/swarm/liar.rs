//! A peer that answers every question as an honest one does, with wrong bytes: this very program,
//! started again inside a box.
//!
//! Speaks plain HTTP from blocking threads; registers like a script does, without a key.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::Outcome;

/// The first word of its command line.
pub const WORD: &str = "--liar";
/// Where it listens.
const PORT: u16 = 7071;

/// Registers a content and serves it wrongly until it is killed; `told` is what [`record`] made.
pub fn run(index: &str, told: &str) -> Outcome<()> {
    let file: Value = serde_json::from_str(told)?;
    let listener = TcpListener::bind(("0.0.0.0", PORT))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(register(index, file.clone()))?;
    for connection in listener.incoming() {
        let (connection, file) = (connection?, file.clone());
        std::thread::spawn(move || {
            // It ends with its connection, however that does.
            let _ = answer_all(&connection, &file);
        });
    }
    Ok(())
}

/// What a liar is told of the file that it says it holds.
pub fn record(hashes: &Value) -> String {
    json!({
        "filename": "flood.bin",
        "size": hashes["size"],
        "hash": hashes["hash"],
        "pieces_root": hashes["pieces_root"],
    })
    .to_string()
}

async fn register(index: &str, mut file: Value) -> Outcome<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let peer = json!({ "name": "liar", "port": PORT, "shared_files": 1 });
    let url = format!("{index}/api/v1/peers/register");
    let answer = client
        .post(url)
        .json(&peer)
        .send()
        .await?
        .error_for_status()?;
    let answer: Value = answer.json().await?;
    file["owner"] = answer["id"].clone();
    let url = format!("{index}/api/v1/files/register");
    client
        .post(url)
        .json(&file)
        .send()
        .await?
        .error_for_status()?;
    Ok(())
}

fn answer_all(connection: &TcpStream, file: &Value) -> Outcome<()> {
    let mut lines = BufReader::new(connection).lines();
    loop {
        let mut range = None;
        loop {
            let Some(line) = lines.next() else {
                return Ok(());
            };
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            range = line
                .strip_prefix("range: bytes=")
                .map(str::to_owned)
                .or(range);
        }
        answer(connection, file, range.as_deref())?;
    }
}

fn answer(mut connection: &TcpStream, file: &Value, range: Option<&str>) -> Outcome<()> {
    let size = &file["size"];
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        let refusal = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        return Ok(connection.write_all(refusal.as_bytes())?);
    };
    let length = last.parse::<u64>()? + 1 - first.parse::<u64>()?;
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-length: {length}\r\n\
         content-range: bytes {first}-{last}/{size}\r\n\r\n"
    );
    connection.write_all(head.as_bytes())?;
    let wrong = vec![b'?'; 64 * 1024];
    let mut left = usize::try_from(length)?;
    while left > 0 {
        let count = left.min(wrong.len());
        connection.write_all(&wrong[..count])?;
        left -= count;
    }
    Ok(())
}
