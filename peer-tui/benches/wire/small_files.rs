//! Many small files as one folder job, beside rsync, curl and aria2.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::network::{Index, Peer};
use super::programs::{line, settle, time};
use super::rivals::{Server, missing, nginx, rsync_daemon};
use super::samples::small;
use super::{Failure, best, scratch, setting, tell};

/// Prints the table.
pub fn run() -> Result<(), Failure> {
    let count = setting("WIRE_FILES", 10_000);
    let folder = scratch()?;
    let share = folder.path().join("share");
    fs::create_dir_all(&share)?;
    let paths = small(&share, count)?;
    println!("{count} files of 16 KiB over loopback");
    let own = ours(folder.path(), &share, count)?;
    let target = folder.path().join("target");
    fs::create_dir_all(&target)?;
    if let Some(server) = rsync_daemon(&share, &folder.path().join("rsync"))?
        && let Some(rsync) = missing("rsync")
    {
        let url = format!("rsync://127.0.0.1:{}/files/", server.port);
        let took = rounds(&target, count, || {
            time(line(&rsync, ["-a", "--whole-file", &url]).arg(&target))
        })?;
        tell("rsync daemon (not verified)", took, own, "");
    }
    if let Some(server) = nginx(&share, &folder.path().join("nginx"))? {
        with_nginx(&server, &target, &paths, own)?;
    }
    Ok(())
}

fn ours(folder: &Path, share: &Path, count: u64) -> Result<Duration, Failure> {
    let index = Index::start(folder)?;
    let began = Instant::now();
    let seed = Peer::start(&index, &folder.join("seed"), "seed", Some((share, count)))?;
    println!(
        "  (shared and registered in {:.2} s)",
        began.elapsed().as_secs_f64()
    );
    let mut more = String::new();
    let took = best(|round| {
        let home = folder.join(format!("taker-{round}"));
        let taker = Peer::start(&index, &home, &format!("taker-{round}"), None)?;
        settle();
        let before = (seed.running.cpu_secs(), taker.running.cpu_secs());
        let took = time(taker.command("get")?.args(["--folder", "seed:"]))?;
        check(&taker.downloads(), count)?;
        more = format!(
            "memory {} MiB, CPU of the seed {:.2} s, of the taker {:.2} s (last round)",
            taker.running.peak_mib(),
            seed.running.cpu_secs() - before.0,
            taker.running.cpu_secs() - before.1
        );
        drop(taker);
        fs::remove_dir_all(home)?;
        Ok(took)
    })?;
    tell(
        "peer-tui get --folder (every file verified)",
        took,
        took,
        &more,
    );
    Ok(took)
}

fn with_nginx(
    server: &Server,
    target: &Path,
    paths: &[String],
    own: Duration,
) -> Result<(), Failure> {
    let base = format!("http://127.0.0.1:{}", server.port);
    let (mut for_curl, mut for_aria2) = (String::new(), String::new());
    for path in paths {
        writeln!(for_curl, "url = \"{base}/{path}\"\noutput = \"{path}\"")?;
        writeln!(for_aria2, "{base}/{path}\n out={path}")?;
    }
    let list = target.with_extension("list");
    let count = paths.len() as u64;
    if let Some(curl) = missing("curl") {
        fs::write(&list, for_curl)?;
        let words = ["-s", "-Z", "--create-dirs", "-K"];
        let took = rounds(target, count, || {
            time(line(&curl, words).arg(&list).current_dir(target))
        })?;
        tell("curl -Z from nginx (not verified)", took, own, "");
    }
    if let Some(aria2) = missing("aria2c") {
        fs::write(&list, for_aria2)?;
        let words = ["-q", "--no-conf", "--file-allocation=none", "-j16", "-i"];
        let took = rounds(target, count, || {
            time(line(&aria2, words).arg(&list).arg("-d").arg(target))
        })?;
        tell("aria2c -j16 from nginx (not verified)", took, own, "");
    }
    Ok(())
}

fn rounds(
    target: &Path,
    count: u64,
    mut run: impl FnMut() -> Result<Duration, Failure>,
) -> Result<Duration, Failure> {
    best(|_| {
        fs::remove_dir_all(target)?;
        fs::create_dir_all(target)?;
        settle();
        let took = run()?;
        check(target, count)?;
        Ok(took)
    })
}

/// All files are there.
fn check(folder: &Path, count: u64) -> Result<(), Failure> {
    let mut found = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.metadata()?.len() == 16 * 1024 {
                found += 1;
            }
        }
    }
    (found == count)
        .then_some(())
        .ok_or_else(|| format!("{found} of {count} files are there").into())
}
