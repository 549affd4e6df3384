//! Searches over kept connections, as fast as they are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::process::Process;
use crate::quantile;
use crate::wire::Wire;

/// How often each query is asked; the index remembers what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// No query twice; ends early when there are no more.
    Once,
    /// Again and again.
    Often,
}

/// What a load of searches took.
#[derive(Debug)]
pub struct Load {
    /// Half are faster.
    pub p50: Duration,
    /// One in a hundred is slower.
    pub p99: Duration,
    /// Answers a second.
    pub rate: f64,
    /// Processor time of the index for one of them.
    pub cpu: Duration,
}

/// Asks over `connections` for `time`.
pub async fn load(
    process: &Process,
    queries: &Arc<Vec<String>>,
    asked: Asked,
    connections: usize,
    time: Duration,
) -> Load {
    let (addr, cpu, started) = (process.addr, process.cpu(), Instant::now());
    let next = Arc::new(AtomicUsize::new(0));
    let askers: Vec<_> = (0..connections)
        .map(|_| {
            let (queries, next) = (Arc::clone(queries), Arc::clone(&next));
            tokio::spawn(async move {
                let mut wire = Wire::open(addr).await;
                let mut took = Vec::new();
                while started.elapsed() < time {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if asked == Asked::Once && at >= queries.len() {
                        break;
                    }
                    let query = &queries[at % queries.len()];
                    let before = Instant::now();
                    let answer = wire.get(query).await;
                    took.push(before.elapsed());
                    let text = String::from_utf8_lossy(answer.body);
                    assert_eq!(answer.status, 200, "{query}: {text}");
                }
                took
            })
        })
        .collect();
    let mut took = Vec::new();
    for asker in askers {
        took.extend(asker.await.expect("asked"));
    }
    let elapsed = started.elapsed();
    took.sort_unstable();
    let count = u32::try_from(took.len()).expect("few").max(1);
    Load {
        p50: quantile(&took, 0.5),
        p99: quantile(&took, 0.99),
        rate: took.len() as f64 / elapsed.as_secs_f64(),
        cpu: process.cpu().saturating_sub(cpu) / count,
    }
}
