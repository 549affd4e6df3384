//! How fast files are hashed and a large folder is shared, beside what the machine can do:
//! `cargo bench -p peer-tui --bench share`. `SIZE_MIB` (default 1024) and `FILES` (default 100000)
//! set the work; figures are medians of three, ratios come from the same run.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peer_tui::share::{Share, ShareConfig, hash_file};
use protocol::ids::PeerId;
use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    hash_one_big_file(folder.path())?;
    share_many_files(folder.path())
}

/// Both hashes of one file against plain SHA-256 of the same bytes in memory, and against the
/// programs that people use, where they are installed.
fn hash_one_big_file(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let size_mib = setting("SIZE_MIB", 1024);
    let path = folder.join("big.bin");
    let block: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let mut bytes = Vec::new();
    for number in 0..size_mib {
        bytes.extend_from_slice(&block[number % 251..]);
        bytes.extend_from_slice(&block[..number % 251]);
    }
    fs::write(&path, &bytes)?;
    let plain = median(|| {
        black_box(Sha256::digest(&bytes));
        Ok(())
    })?;
    drop(bytes);
    let both = median(|| {
        black_box(hash_file(&path, |_| {})?);
        Ok(())
    })?;
    let rate = |took: Duration| size_mib as f64 / took.as_secs_f64();
    println!("hash {size_mib} MiB: both hashes {:.0} MiB/s", rate(both));
    println!(
        "  plain SHA-256 in memory {:.0} MiB/s, ratio of times {:.2}",
        rate(plain),
        both.as_secs_f64() / plain.as_secs_f64()
    );
    for (program, arguments) in [("openssl", &["dgst", "-sha256"][..]), ("sha256sum", &[])] {
        let run = || {
            let done = Command::new(program).args(arguments).arg(&path).output()?;
            done.status.success().then_some(()).ok_or("it failed")?;
            Ok(())
        };
        match median(run) {
            Ok(took) => println!(
                "  {program} {:.0} MiB/s, ratio of times {:.2}",
                rate(took),
                both.as_secs_f64() / took.as_secs_f64()
            ),
            Err(error) => println!("  {program}: {error}"),
        }
    }
    fs::remove_file(path)?;
    Ok(())
}

/// A first start that hashes everything, and a second one that knows it.
fn share_many_files(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let files = setting("FILES", 100_000);
    let (root, data) = (folder.join("share"), folder.join("data"));
    fs::create_dir_all(&data)?;
    for number in 0..files {
        let below = root.join((number / 100).to_string());
        if number % 100 == 0 {
            fs::create_dir_all(&below)?;
        }
        fs::write(below.join(format!("file {number}.txt")), number.to_string())?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    for round in ["found and hashed", "known from the cache"] {
        let began = Instant::now();
        runtime.block_on(async {
            let share = Share::start(ShareConfig {
                owner: PeerId::from_bytes([1; 32]),
                roots: vec![root.clone()],
                downloads: None,
                data: data.clone(),
                rescan_every: Duration::from_hours(1),
                max_file_size: None,
            })
            .await?;
            let mut changed = share.watch();
            changed
                .wait_for(|_| share.view().count() == files)
                .await
                .map_err(|_| "the share has ended")?;
            println!("share {files} files: {round} in {:.2?}", began.elapsed());
            share.stop().await;
            Ok::<_, Box<dyn std::error::Error>>(())
        })?;
    }
    Ok(())
}

fn setting(name: &str, default: usize) -> usize {
    let value = std::env::var(name).ok();
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// The middle of three.
fn median(
    mut run: impl FnMut() -> Result<(), Box<dyn std::error::Error>>,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        run()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times[1])
}
