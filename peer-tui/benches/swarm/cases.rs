//! The cases: who holds the file, what happens on the way, and the bound that the links set.

use std::thread::sleep;
use std::time::{Duration, Instant};

use protocol::limits::PIECE_MIN_BYTES;

use crate::Outcome;
use crate::net::Link;
use crate::programs::Running;
use crate::rivals;
use crate::swarm::{FILE_BYTES, Swarm, median};
use crate::{choice, liar, swarm};

/// One case: prints what it measured.
type Case = fn() -> Outcome<()>;

/// The cases by name.
pub const ALL: [(&str, Case); 7] = [
    ("choice", choice::measure),
    ("four", four),
    ("kill", kill),
    ("liar", with_a_liar),
    ("crash", crash),
    ("crowd", crowd),
    ("leave", leave),
];

const SOURCE: Link = Link {
    up_mbit: 20,
    down_mbit: 100,
};
const WIDE: Link = Link {
    up_mbit: 0,
    down_mbit: 0,
};
/// Runs of each case; the median counts.
const RUNS: usize = 3;
/// Ends of the downloader in the case `crash`.
const CRASHES: u32 = 4;

/// Seconds that the whole file takes at so many Mbit/s.
fn seconds(mbit: f64) -> f64 {
    FILE_BYTES as f64 * 8.0 / 1e6 / mbit
}

fn four_sources() -> Outcome<Swarm> {
    sources(&["one", "two", "three", "four"])
}

fn sources(names: &[&str]) -> Outcome<Swarm> {
    let mut boxes = vec![("index", WIDE), ("downloader", WIDE), ("liar", SOURCE)];
    boxes.extend(names.iter().map(|name| (*name, SOURCE)));
    Swarm::make(&boxes, Duration::ZERO, names, &["downloader"])
}

/// Four sources of 20 Mbit/s each.
fn four() -> Outcome<()> {
    let bound = seconds(80.0);
    let took = median(RUNS, || {
        let swarm = four_sources()?;
        swarm.fetch(|_, _| Ok(()))
    })?;
    swarm::show("four sources of 20 Mbit/s", took, bound, "");
    if rivals::has_aria2() {
        for (how, words) in rivals::FOUR {
            let took = median(RUNS, || {
                rivals::aria2(&four_sources()?, "downloader", words)
            })?;
            swarm::show(&format!("  aria2, {how}"), took, bound, "");
        }
    }
    Ok(())
}

/// The same; one is killed when half of the file is there.
fn kill() -> Outcome<()> {
    let bound = seconds(80.0) / 2.0 + seconds(60.0) / 2.0;
    let took = median(RUNS, || {
        let mut swarm = four_sources()?;
        let mut victim = swarm.take_peer("four");
        swarm.fetch(|swarm, _| {
            swarm.wait_for_bytes("downloader", FILE_BYTES / 2);
            victim.kill();
            Ok(())
        })
    })?;
    swarm::show("one of four killed half-way", took, bound, "");
    Ok(())
}

/// Three sources that are honest and one that is not.
fn with_a_liar() -> Outcome<()> {
    let bound = seconds(60.0);
    let mut wasted = 0;
    let took = median(RUNS, || {
        let swarm = sources(&["one", "two", "three"])?;
        let told = liar::record(&swarm.hashes);
        let program = std::env::current_exe()?;
        let mut line = swarm.net.inside("liar", &program);
        line.args([liar::WORD, &swarm.index.url, &told]);
        let _liar = Running::start(&mut line)?;
        swarm.wait_for_holders(4)?;
        let took = swarm.fetch(|_, _| Ok(()))?;
        wasted = wasted.max(swarm.net.sent("liar"));
        Ok(took)
    })?;
    let wasted = wasted as f64 / PIECE_MIN_BYTES as f64;
    let note = format!("{wasted:.1} pieces from the liar");
    swarm::show("three honest sources and a liar", took, bound, &note);
    Ok(())
}

/// The downloader is killed at random moments and started again.
fn crash() -> Outcome<()> {
    let mut swarm = four_sources()?;
    let mut downloader = swarm.take_peer("downloader");
    let hash = swarm.hash.clone();
    downloader.command(&["get", "--detach", &hash])?.output()?;
    for _ in 0..CRASHES {
        let bytes = swarm.net.got("downloader");
        let until = bytes + rand::random_range(0..FILE_BYTES / u64::from(CRASHES + 1));
        swarm.wait_for_bytes("downloader", until);
        downloader.kill();
        sleep(Duration::from_millis(500));
        downloader.start(&swarm.net, 0)?;
    }
    let done = downloader.command(&["get", &hash])?.output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned().into());
    }
    swarm.check(&downloader)?;
    let twice = swarm.net.got("downloader") as f64 / PIECE_MIN_BYTES as f64
        - FILE_BYTES as f64 / PIECE_MIN_BYTES as f64;
    println!(
        "kill -9 of the downloader, {CRASHES} times: {:.1} pieces more than the file each time, \
         from four sources (heads and control included)",
        twice / f64::from(CRASHES)
    );
    Ok(())
}

/// One seed and eight that want it at once.
const CROWD: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn crowd_of_eight() -> Outcome<Swarm> {
    let seed = Link {
        up_mbit: 40,
        down_mbit: 100,
    };
    let mut boxes = vec![("index", WIDE), ("seed", seed)];
    boxes.extend(CROWD.map(|name| (name, SOURCE)));
    Swarm::make(&boxes, Duration::from_millis(10), &["seed"], &CROWD)
}

/// The same; the seed is killed when it has sent a fifth more than one copy.
fn leave() -> Outcome<()> {
    let mut swarm = crowd_of_eight()?;
    let mut seed = swarm.take_peer("seed");
    let took = swarm.fetch(|swarm, started_at| {
        while swarm.net.sent("seed") < FILE_BYTES * 6 / 5 {
            if started_at.elapsed() > swarm::CASE_MAX {
                return Err("the seed did not send a copy".into());
            }
            sleep(Duration::from_millis(10));
        }
        seed.kill();
        Ok(())
    })?;
    let copies = swarm.net.sent("seed") as f64 / FILE_BYTES as f64;
    // What is left for the others to send, from the first moment on.
    let bound = (8.0 - copies) * seconds(8.0 * 20.0);
    let note = format!("it sent {copies:.2} copies");
    swarm::show("flash crowd whose seed leaves", took, bound, &note);
    Ok(())
}

/// Nobody leaves.
fn crowd() -> Outcome<()> {
    let bound = seconds(40.0)
        .max(seconds(100.0))
        .max(8.0 * seconds(40.0 + 8.0 * 20.0));
    let mut copies = Vec::new();
    let took = median(RUNS, || {
        let swarm = crowd_of_eight()?;
        let took = swarm.fetch(|_, _| Ok(()))?;
        copies.push(swarm.net.sent("seed") as f64 / FILE_BYTES as f64);
        let all_sent: u64 = swarm.names().iter().map(|name| swarm.net.sent(name)).sum();
        println!(
            "  {:.2} s, {:.2} copies, {:.3} of what is needed in all",
            took.as_secs_f64(),
            copies[copies.len() - 1],
            all_sent as f64 / FILE_BYTES as f64 / 8.0
        );
        Ok(took)
    })?;
    copies.sort_by(f64::total_cmp);
    let note = format!("the seed sent {:.2} copies", copies[copies.len() / 2]);
    swarm::show("flash crowd of eight", took, bound, &note);
    Ok(())
}

/// Tells what each box sent, second by second, until it is dropped.
pub struct Trace;

impl Trace {
    /// Shows a row a second while `is_going`.
    pub fn follow(swarm: &Swarm, is_going: impl Fn() -> bool) {
        let started_at = Instant::now();
        let names = swarm.names();
        let mut before: Vec<u64> = names.iter().map(|name| swarm.net.sent(name)).collect();
        println!("  {}", names.join("\t"));
        while is_going() {
            sleep(Duration::from_secs(1));
            let now: Vec<u64> = names.iter().map(|name| swarm.net.sent(name)).collect();
            let row = now
                .iter()
                .zip(&before)
                .map(|(now, before)| format!("{:.1}", (now - before) as f64 * 8.0 / 1e6));
            let row: Vec<_> = row.collect();
            println!(
                "  {}\t{:.0}",
                row.join("\t"),
                started_at.elapsed().as_secs_f64()
            );
            before = now;
        }
    }
}
