//! The dashboard of the index as a person has it before them, in a real browser.
//!
//! With `PEERDEX_PICTURES=FOLDER` it leaves pictures there, to be looked at.

use std::path::PathBuf;

use protocol::hash::ContentHash;
use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::kit::tree::noise;
use crate::kit::{Network, Peer};
use crate::programs::{curl, output};

const WIDE: (u32, u32) = (1280, 800);
const PHONE: (u32, u32) = (390, 844);

fn open(network: &Network) -> Browser {
    let mut browser = Browser::open(WIDE.0, WIDE.1);
    browser.visit(&network.index.url);
    browser.wait("the feed is open", "live.seq !== null");
    browser
}

/// Leaves a picture in light and in dark, wide and narrow, where somebody wants them.
fn picture(browser: &mut Browser, name: &str) {
    let Some(folder) = std::env::var_os("PEERDEX_PICTURES").map(PathBuf::from) else {
        return;
    };
    for (size, (width, height)) in [("wide", WIDE), ("phone", PHONE)] {
        browser.resize(width, height);
        for scheme in ["light", "dark"] {
            browser.prefer(scheme);
            browser.picture(&folder.join(format!("{name}-{size}-{scheme}.png")));
        }
    }
    browser.resize(WIDE.0, WIDE.1);
}

fn check_calm(browser: &Browser) {
    let none: &[String] = &[];
    assert_eq!(
        browser.complaints(),
        none,
        "what the browser complains about"
    );
}

/// A client without a key registers itself, and files of these names.
fn register(network: &Network, name: &str, files: &[&str]) -> String {
    let post = |path: &str, body: &Value| -> Value {
        let mut line = curl();
        line.args(["--json", &body.to_string()])
            .arg(format!("{}{path}", network.index.url));
        serde_json::from_slice(&output(&mut line)).expect("JSON")
    };
    let peer = post(
        "/api/v1/peers/register",
        &json!({"name": name, "port": 7071}),
    );
    let id = peer["id"].as_str().expect("an id").to_owned();
    for file in files {
        let hash = ContentHash::of(file.as_bytes());
        let file = json!({"filename": file, "size": 3, "hash": hash, "owner": id});
        post("/api/v1/files/register", &file);
    }
    id
}

/// Three peers with real files; two of them hold the same boat.
fn three_peers(network: &Network) -> [Peer; 3] {
    let boat = noise(7, 3 * 1024 * 1024 + 77);
    let peers = [
        ("lena", "pictures/boats/a boat.raw"),
        ("kiosk", "same boat.raw"),
        ("attic", "stations/stations-hourly-2024.parquet"),
    ];
    peers.map(|(name, path)| {
        let peer = network.peer(name);
        let bytes = match name {
            "attic" => noise(8, 500_000),
            _ => boat.clone(),
        };
        peer.write(path, &bytes);
        for (number, other) in [
            "notes/list.md",
            "music/song one.ogg",
            "plans/house plan.pdf",
        ]
        .into_iter()
        .enumerate()
        {
            peer.write(
                &format!("{name} {other}"),
                &noise(number as u64 + 20, 9_000),
            );
        }
        peer.start_sharing(4)
    })
}

#[test]
fn a_file_is_found_by_typing_and_fetched_by_a_link() {
    let network = Network::start();
    let peers = three_peers(&network);
    let mut browser = open(&network);
    browser.wait(
        "everything is listed",
        "$('results').childElementCount === 5",
    );
    browser.wait("all are here", "$('peers-list').childElementCount === 3");
    picture(&mut browser, "files");
    browser.type_keys("/boat");
    browser.wait(
        "one row is left",
        "$('results').childElementCount === 1 && $('told').textContent === '1 file'",
    );
    assert_eq!(browser.text("$('query').value"), "boat");
    browser.value("document.querySelector('[data-act=more]').click()");
    browser.wait(
        "its holders are told",
        "document.querySelectorAll('.holders .is-online').length === 2",
    );
    let told = browser.text("document.querySelector('.details').innerText");
    let file = network.index.search("boat").results.remove(0);
    for part in [
        "lena",
        "kiosk",
        &file.peer_address,
        &format!("peer-tui get {}", file.hash),
        &format!("/download/{}", file.id),
        "Metalink",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    picture(&mut browser, "found");
    let address = browser.text("document.querySelector('[data-act=get]').href");
    let mut line = curl();
    line.args(["--location", &address]);
    assert_eq!(ContentHash::of(&output(&mut line)), file.hash);
    browser.wait(
        "the download is told of",
        "$('events').textContent.includes('is being fetched')",
    );
    browser.value("document.querySelector('#peers-list button').click()");
    browser.wait(
        "only files of one peer",
        "$('owner').textContent.includes('attic') && $('told').textContent.startsWith('Nothing')",
    );
    check_calm(&browser);
    drop(peers);
}

#[test]
fn what_happens_is_there_by_itself_and_after_the_index_was_away() {
    let mut network = Network::start();
    let mut browser = open(&network);
    register(&network, "attic", &["first.ogg"]);
    browser.wait(
        "the file is there",
        "$('results').textContent.includes('first.ogg') && $('peers-list').textContent.includes('attic')",
    );
    assert!(
        browser
            .text("$('events').textContent")
            .contains("attic shares first.ogg")
    );
    network.index.kill_and_restart();
    register(&network, "cellar", &["second.ogg"]);
    browser.wait(
        "it is connected again and knows what it missed",
        "$('link').dataset.state === 'live' && $('results').textContent.includes('second.ogg')",
    );
    picture(&mut browser, "again");
    check_calm(&browser);
}

#[test]
fn names_of_strangers_are_text_and_nothing_else() {
    let network = Network::start();
    let mut browser = open(&network);
    let names = [
        "inv\u{202e}fdp.exe",
        "two\nlines\u{1b}[2J",
        "<img src=x onerror=document.title='caught'>",
        "\"'><script>document.title='caught'<!--",
        "Größe e\u{301} 東京 👩\u{200d}👧 می\u{200c}خواهم",
        "zero\u{200b}width z\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}",
    ];
    register(&network, "<b>\u{2066}bold</b>", &names);
    browser.wait("all are listed", "$('results').childElementCount === 6");
    let text = browser.text("$('results').textContent");
    for shown in [
        "inv<U+202E>fdp.exe",
        "two<LF>lines<ESC>[2J",
        names[2],
        names[3],
        names[4],
        "zero<U+200B>width z\u{300}\u{301}\u{302}\u{303}<U+0304><U+0305>",
        "<b><U+2066>bold</b>",
    ] {
        assert!(text.contains(shown), "{shown:?} is not in {text:?}");
    }
    browser.value("document.querySelectorAll('[data-act=more]').forEach((more) => more.click())");
    browser.wait(
        "details",
        "document.querySelectorAll('.holders .dot').length === 6",
    );
    let odd = "[...document.querySelectorAll('#results code')].filter((code) => \
               /[^\\p{L}\\p{M}\\p{N} -~]/u.test(code.textContent)).length";
    assert_eq!(browser.value(odd), 0, "lines for a terminal are plain");
    let made = "document.querySelectorAll('img, b, main script').length";
    assert_eq!(browser.value(made), 0, "a name was made into markup");
    assert_eq!(browser.text("document.title"), "Peerdex");
    picture(&mut browser, "odd");
    check_calm(&browser);
}

#[test]
fn an_empty_network_says_how_to_join() {
    let network = Network::start();
    let mut browser = open(&network);
    let url = network.index.url.clone();
    browser.wait("it is told", "!$('join').hidden");
    for (place, command) in [
        ("join-screen", format!("peer-tui {url}")),
        ("join-daemon", format!("peer-tui daemon {url}")),
    ] {
        let told = format!("document.querySelector('#{place} code').textContent");
        assert_eq!(browser.text(&told), command);
    }
    picture(&mut browser, "empty");
    register(&network, "attic", &[]);
    browser.wait("it steps aside", "$('join').hidden");
    check_calm(&browser);
}

#[test]
fn pages_are_turned_forth_and_back() {
    let network = Network::start();
    let files: Vec<String> = (0..70)
        .map(|number| format!("song {number:02}.ogg"))
        .collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for number in 0..30 {
        register(
            &network,
            &format!("peer {number:02}"),
            if number == 0 { &files } else { &[] },
        );
    }
    let mut browser = open(&network);
    let first = "document.querySelector('#peers-list .name').textContent";
    browser.wait("the first page", &format!("{first} === 'peer 00'"));
    browser.value("$('peers-on').click()");
    browser.wait("the second page", &format!("{first} === 'peer 25'"));
    browser.value("$('peers-back').click()");
    browser.wait("the first page again", &format!("{first} === 'peer 00'"));
    browser.value("$('sort').value = 'filename'; searchAnew()");
    let first = "document.querySelector('#results .title').textContent";
    browser.wait("songs by name", &format!("{first} === 'song 00.ogg'"));
    browser.value("$('results-on').click()");
    browser.wait(
        "their second page",
        &format!("{first} === 'song 50.ogg' && $('told').textContent.includes('page 2')"),
    );
    browser.value("$('results-back').click()");
    browser.wait("songs again", &format!("{first} === 'song 00.ogg'"));
    picture(&mut browser, "pages");
    check_calm(&browser);
}
