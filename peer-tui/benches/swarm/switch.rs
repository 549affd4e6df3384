//! An Ethernet switch in user space: each port has a rate and a short queue up and down, and every
//! frame is a fixed time on its way. Stands in for `tc netem`, which not every kernel has.
//!
//! Knows frames; knows no namespace and no program.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Longest frame: links are of 1,500 bytes.
const FRAME_MAX_BYTES: usize = 1_600;
/// What a queue holds before it drops, as the home routers of these rates do.
const QUEUE_MAX: Duration = Duration::from_millis(100);
/// Credit for waking up late: no rate is lost to the scheduler of this machine.
const CATCH_UP: Duration = Duration::from_millis(2);
/// Looks at whether it should end.
const IDLE_MAX: Duration = Duration::from_millis(50);

/// What a port has carried.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bytes of TCP payload that its box sent, and that were not dropped.
    pub sent_bytes: AtomicU64,
    /// Bytes of TCP payload that its box got.
    pub got_bytes: AtomicU64,
}

/// One direction of a cable: a rate and a queue.
struct Shaper {
    nanos_per_byte: f64,
    free_at: Duration,
}

impl Shaper {
    fn new(mbit: u64) -> Self {
        let nanos_per_byte = if mbit == 0 {
            0.0
        } else {
            8_000.0 / mbit as f64
        };
        Self {
            nanos_per_byte,
            free_at: Duration::ZERO,
        }
    }

    /// When a frame that comes now has left; `None` when the queue is full.
    fn admit(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let start = self.free_at.max(now.saturating_sub(CATCH_UP));
        if start > now + QUEUE_MAX {
            return None;
        }
        let nanos = self.nanos_per_byte * bytes as f64;
        self.free_at = start + Duration::from_secs_f64(nanos / 1e9);
        Some(self.free_at)
    }
}

struct Port {
    tap: File,
    up: Shaper,
    down: Shaper,
    counters: Arc<Counters>,
}

/// Where a frame is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Arrives,
    Leaves,
}

type Due = Reverse<(Duration, u64, usize, Stage, Arc<Vec<u8>>)>;

/// A running switch; ends when dropped.
pub struct Switch {
    is_ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// A port to be: its device, and Mbit/s up and down (0: no limit).
pub struct Plug {
    /// The device.
    pub tap: File,
    /// Mbit/s out of the box.
    pub up_mbit: u64,
    /// Mbit/s into the box.
    pub down_mbit: u64,
    /// Counts what passes.
    pub counters: Arc<Counters>,
}

impl Switch {
    /// Joins the ports; a frame is `delay` on its way.
    pub fn start(plugs: Vec<Plug>, delay: Duration) -> Self {
        let is_ending = Arc::new(AtomicBool::new(false));
        let ports = plugs.into_iter().map(|plug| Port {
            tap: plug.tap,
            up: Shaper::new(plug.up_mbit),
            down: Shaper::new(plug.down_mbit),
            counters: plug.counters,
        });
        let mut work = Work {
            ports: ports.collect(),
            delay,
            started_at: Instant::now(),
            due: BinaryHeap::new(),
            number: 0,
            places: HashMap::new(),
        };
        let ending = is_ending.clone();
        let thread = std::thread::spawn(move || work.run(&ending));
        Self {
            is_ending,
            thread: Some(thread),
        }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.is_ending.store(true, Ordering::Relaxed);
        if let Some(Ok(Err(error))) = self.thread.take().map(JoinHandle::join) {
            eprintln!("the switch: {error}");
        }
    }
}

struct Work {
    ports: Vec<Port>,
    delay: Duration,
    started_at: Instant,
    due: BinaryHeap<Due>,
    /// Of the next frame, so that frames of one moment keep their order.
    number: u64,
    /// Which card is behind which port.
    places: HashMap<[u8; 6], usize>,
}

impl Work {
    fn run(&mut self, is_ending: &AtomicBool) -> io::Result<()> {
        while !is_ending.load(Ordering::Relaxed) {
            self.deliver()?;
            let now = self.started_at.elapsed();
            let next = self.due.peek().map_or(IDLE_MAX, |Reverse(due)| {
                due.0.saturating_sub(now).min(IDLE_MAX)
            });
            let wait = Timespec {
                tv_sec: 0,
                tv_nsec: next.subsec_nanos().into(),
            };
            let readable: Vec<usize> = {
                let ports = self.ports.iter();
                let mut fds: Vec<_> = ports
                    .map(|port| PollFd::new(&port.tap, PollFlags::IN))
                    .collect();
                poll(&mut fds, Some(&wait))?;
                let ready = fds.iter().enumerate();
                ready
                    .filter(|(_, fd)| !fd.revents().is_empty())
                    .map(|(number, _)| number)
                    .collect()
            };
            for port in readable {
                self.take(port)?;
            }
        }
        Ok(())
    }

    /// Reads what a box sends, as much as there is.
    fn take(&mut self, from: usize) -> io::Result<()> {
        loop {
            let mut frame = vec![0; FRAME_MAX_BYTES];
            match self.ports[from].tap.read(&mut frame) {
                Ok(count) => frame.truncate(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
            let (Some(to), Some(card)) = (address(&frame, 0), address(&frame, 6)) else {
                continue;
            };
            self.places.insert(card, from);
            let now = self.started_at.elapsed();
            let port = &mut self.ports[from];
            let Some(left_at) = port.up.admit(now, frame.len()) else {
                continue;
            };
            let payload = tcp_payload(&frame);
            port.counters
                .sent_bytes
                .fetch_add(payload, Ordering::Relaxed);
            let frame = Arc::new(frame);
            let arrives_at = left_at + self.delay;
            match self.places.get(&to).copied() {
                Some(to) => self.push(arrives_at, to, Stage::Arrives, frame),
                None => {
                    for to in (0..self.ports.len()).filter(|to| *to != from) {
                        self.push(arrives_at, to, Stage::Arrives, frame.clone());
                    }
                }
            }
        }
    }

    fn push(&mut self, at: Duration, port: usize, stage: Stage, frame: Arc<Vec<u8>>) {
        self.number += 1;
        self.due
            .push(Reverse((at, self.number, port, stage, frame)));
    }

    fn deliver(&mut self) -> io::Result<()> {
        loop {
            let now = self.started_at.elapsed();
            if self.due.peek().is_none_or(|Reverse(due)| due.0 > now) {
                return Ok(());
            }
            let Some(Reverse((at, _, to, stage, frame))) = self.due.pop() else {
                return Ok(());
            };
            let port = &mut self.ports[to];
            if stage == Stage::Arrives {
                if let Some(left_at) = port.down.admit(at, frame.len()) {
                    self.push(left_at, to, Stage::Leaves, frame);
                }
                continue;
            }
            match port.tap.write(&frame) {
                Ok(_) => {
                    let payload = tcp_payload(&frame);
                    port.counters
                        .got_bytes
                        .fetch_add(payload, Ordering::Relaxed);
                }
                // A box that is not up yet, or does not keep up.
                Err(error) if matches!(error.raw_os_error(), Some(5 | 11)) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn address(frame: &[u8], at: usize) -> Option<[u8; 6]> {
    frame.get(at..at + 6)?.try_into().ok()
}

/// Bytes of TCP payload of an IPv4 frame; 0 for anything else.
fn tcp_payload(frame: &[u8]) -> u64 {
    let payload = || {
        let ip = frame.get(14..)?;
        let is_tcp = frame.get(12..14)? == [8, 0] && *ip.get(9)? == 6;
        let head = usize::from(*ip.first()? & 0xf) * 4;
        let length = usize::from(u16::from_be_bytes([*ip.get(2)?, *ip.get(3)?]));
        let tcp_head = usize::from(*ip.get(head + 12)? >> 4) * 4;
        is_tcp.then(|| length.saturating_sub(head + tcp_head) as u64)
    };
    payload().unwrap_or(0)
}
