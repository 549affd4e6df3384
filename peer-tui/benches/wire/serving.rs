//! What sending costs: ranges of 256 KiB over kept connections, and a whole file, from a daemon and
//! from nginx, in time and in CPU of the server. `WIRE_PLAIN=1` asks as clients do that check nothing.

use std::fs;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::network::{Index, Peer};
use super::programs::Running;
use super::rivals::nginx;
use super::samples::large;
use super::{Failure, scratch, setting};

const RANGE_BYTES: u64 = 256 * 1024;
const CONNECTIONS: u64 = 4;

/// Prints the table.
pub fn run() -> Result<(), Failure> {
    let mib = setting("WIRE_MIB", 1024);
    let folder = scratch()?;
    let share = folder.path().join("share");
    fs::create_dir_all(&share)?;
    let sample = large(&share.join("large.bin"), mib)?;
    println!("a file of {mib} MiB from the page cache, taken and thrown away");
    let index = Index::start(folder.path())?;
    let seed = Peer::start(
        &index,
        &folder.path().join("seed"),
        "seed",
        Some((&share, 1)),
    )?;
    let address = seed.address()?;
    let path = format!("/content/{}", sample.hash);
    measure(
        "peer-tui",
        &seed.running,
        &address,
        &path,
        sample.size_bytes,
    )?;
    if let Some(server) = nginx(&share, &folder.path().join("nginx"))? {
        let address = format!("127.0.0.1:{}", server.port);
        measure(
            "nginx",
            &server.running,
            &address,
            "/large.bin",
            sample.size_bytes,
        )?;
    }
    Ok(())
}

fn measure(
    name: &str,
    server: &Running,
    address: &str,
    path: &str,
    size_bytes: u64,
) -> Result<(), Failure> {
    for (what, step) in [
        ("ranges of 256 KiB", RANGE_BYTES),
        ("whole file", size_bytes),
    ] {
        let count = if step == size_bytes { 1 } else { CONNECTIONS };
        let (mut best, mut cpu) = (Duration::MAX, f64::MAX);
        for _ in 0..setting("WIRE_ROUNDS", 3).max(1) {
            let before = server.cpu_secs();
            let began = Instant::now();
            take_all(address, path, size_bytes, (step, count))?;
            best = best.min(began.elapsed());
            cpu = cpu.min(server.cpu_secs() - before);
        }
        let gib = size_bytes as f64 / f64::from(1 << 30);
        println!(
            "  {name:<9} {what:<18} {count} connections: {:>5.2} GiB/s, {:>5.2} s of CPU a GiB",
            gib / best.as_secs_f64(),
            cpu / gib
        );
    }
    Ok(())
}

/// Every connection asks for its share of the file, one part after the other.
fn take_all(
    address: &str,
    path: &str,
    size_bytes: u64,
    (step, count): (u64, u64),
) -> Result<(), Failure> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let starts = (number * step..size_bytes)
                    .step_by(usize::try_from(step * count).unwrap_or(usize::MAX));
                scope.spawn(move || {
                    take(address, path, starts, step).map_err(|error| error.to_string())
                })
            })
            .collect();
        for thread in threads {
            thread.join().map_err(|_| "a reader panicked")??;
        }
        Ok(())
    })
}

fn take(
    address: &str,
    path: &str,
    starts: impl Iterator<Item = u64>,
    step: u64,
) -> Result<(), Failure> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(4096, stream);
    let mut buffer = vec![0; 256 * 1024];
    // As peers ask, and as plain clients do.
    let is_plain = setting("WIRE_PLAIN", 0) == 1;
    let checks = if is_plain {
        ""
    } else {
        "want-repr-digest: sha-256=9\r\n"
    };
    for first in starts {
        let last = first + step - 1;
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nrange: bytes={first}-{last}\r\n{checks}\r\n"
        );
        writer.write_all(head.as_bytes())?;
        let mut left = read_head(&mut reader)?;
        while left > 0 {
            let most = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let count = reader.read(&mut buffer[..most])?;
            if count == 0 {
                return Err("the server broke off".into());
            }
            left -= count as u64;
        }
    }
    Ok(())
}

/// The length that an answer of 206 announces.
fn read_head(reader: &mut impl std::io::BufRead) -> Result<u64, Failure> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if !line.contains(" 206 ") {
        return Err(format!("the server answered {line:?}").into());
    }
    let mut length = None;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            return length.ok_or_else(|| "an answer without a length".into());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(told) = lower.strip_prefix("content-length:") {
            length = Some(told.trim().parse()?);
        }
    }
}
