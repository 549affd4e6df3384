//! Many peers that only say that they are here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::wire::Wire;
use crate::{Sizes, Table, ms};

/// What peers are told by default.
const HEARTBEAT: Duration = Duration::from_secs(30);
const BEAT: &str = "/api/v1/peers/heartbeat";

/// All rows about peers.
pub async fn run(sizes: &Sizes, table: &Table) {
    let folder = tempfile::tempdir().expect("a folder");
    let process = Process::start(folder.path()).await;
    let started = Instant::now();
    let mut wire = Wire::open(process.addr).await;
    let mut ids = Vec::new();
    for number in 0..sizes.peers {
        ids.push(wire.register(&format!("peer {number}"), 7071).await);
    }
    let rate = sizes.peers as f64 / started.elapsed().as_secs_f64();
    table.row(
        &format!("{} peers registered one after the other", sizes.peers),
        &format!("{rate:.0}/s"),
    );
    let ids = Arc::new(ids);
    for (kind, is_kept) in [("kept connections", true), ("a new connection each", false)] {
        let share = beat(&process, &ids, sizes, is_kept).await;
        table.row(
            &format!("heartbeats of {} peers every 30 s, {kind}", sizes.peers),
            &format!("{share:.1} % of one core"),
        );
    }
    process.kill();
    back_at_once(folder.path(), &ids, table).await;
}

/// Beats at the pace of all peers for the time of a load; yields the processor's share in percent.
async fn beat(process: &Process, ids: &Arc<Vec<String>>, sizes: &Sizes, is_kept: bool) -> f64 {
    let gap = HEARTBEAT / u32::try_from(ids.len()).expect("few");
    let mut wire = Wire::open(process.addr).await;
    let (started, cpu) = (Instant::now(), process.cpu());
    let load = sizes.load * 2;
    let mut count = 0;
    while started.elapsed() < load {
        let due = gap * count;
        if let Some(wait) = due.checked_sub(started.elapsed()) {
            tokio::time::sleep(wait).await;
        }
        if !is_kept {
            wire = Wire::open(process.addr).await;
        }
        let id = &ids[count as usize % ids.len()];
        assert_eq!(
            wire.post(BEAT, "application/json", id, b"").await.status,
            200
        );
        count += 1;
    }
    process.cpu().saturating_sub(cpu).as_secs_f64() / started.elapsed().as_secs_f64() * 100.0
}

/// After a restart every peer is heard again within a moment.
async fn back_at_once(folder: &std::path::Path, ids: &Arc<Vec<String>>, table: &Table) {
    let process = Process::start(folder).await;
    let addr = process.addr;
    let started = Instant::now();
    let callers: Vec<_> = (0..64)
        .map(|number| {
            let ids = Arc::clone(ids);
            tokio::spawn(async move {
                let mut wire = Wire::open(addr).await;
                let mut slowest = Duration::ZERO;
                let mut refused = 0;
                for id in ids.iter().skip(number).step_by(64) {
                    let before = Instant::now();
                    let status = wire.post(BEAT, "application/json", id, b"").await.status;
                    slowest = slowest.max(before.elapsed());
                    refused += u32::from(status != 200);
                }
                (slowest, refused)
            })
        })
        .collect();
    let (mut slowest, mut refused) = (Duration::ZERO, 0);
    for caller in callers {
        let (of_one, count) = caller.await.expect("called");
        slowest = slowest.max(of_one);
        refused += count;
    }
    let rate = ids.len() as f64 / started.elapsed().as_secs_f64();
    table.row(
        "the same peers at once after a restart, 64 connections",
        &format!("{rate:.0}/s, slowest {}, {refused} refused", ms(slowest)),
    );
}
