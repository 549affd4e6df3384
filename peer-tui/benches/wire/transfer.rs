//! One large file from one daemon to another, verified and safe on disk, beside curl,
//! aria2, rsync and sendme.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::network::{Index, Peer};
use super::programs::{line, settle, time};
use super::rivals::{ALONE, Server, metalink, missing, nginx, rsync_daemon, sendme};
use super::samples::{Sample, large};
use super::{Failure, best, scratch, setting, tell};

const NAME: &str = "large.bin";

/// Prints the table.
pub fn run() -> Result<(), Failure> {
    let mib = setting("WIRE_MIB", 1024);
    let folder = scratch()?;
    let share = folder.path().join("share");
    fs::create_dir_all(&share)?;
    let sample = large(&share.join(NAME), mib)?;
    println!("one file of {mib} MiB over loopback, from the page cache, safe on disk at the end");
    let own = ours(folder.path(), &share, &sample)?;
    let target = folder.path().join("target");
    fs::create_dir_all(&target)?;
    if let Some(server) = nginx(&share, &folder.path().join("nginx"))? {
        with_nginx(&server, &target, &sample, own)?;
    }
    if let Some(server) = rsync_daemon(&share, &folder.path().join("rsync"))?
        && let Some(rsync) = missing("rsync")
    {
        let url = format!("rsync://127.0.0.1:{}/files/{NAME}", server.port);
        let words = ["-a", "--whole-file", "--inplace", &url];
        let took = rounds(&target, || time(line(&rsync, words).arg(&target)))?;
        tell("rsync daemon (not verified)", took, own, "");
    }
    if let Some(given) = sendme(&share.join(NAME), &folder.path().join("sendme"))? {
        let mut line = line(&given.program, ["receive"]);
        line.args(ALONE).arg(&given.ticket).current_dir(&target);
        let took = rounds(&target, || time(&mut line))?;
        tell("sendme (verified, encrypted)", took, own, "");
    }
    Ok(())
}

fn ours(folder: &Path, share: &Path, sample: &Sample) -> Result<Duration, Failure> {
    let index = Index::start(folder)?;
    let seed = Peer::start(&index, &folder.join("seed"), "seed", Some((share, 1)))?;
    let mut memory = 0;
    let mut cpu = (0.0, 0.0);
    let took = best(|round| {
        let home = folder.join(format!("taker-{round}"));
        let taker = Peer::start(&index, &home, &format!("taker-{round}"), None)?;
        settle();
        let before = (seed.running.cpu_secs(), taker.running.cpu_secs());
        let took = time(taker.command("get")?.arg(&sample.hash))?;
        let size = fs::metadata(taker.downloads().join(NAME))?.len();
        if size != sample.size_bytes {
            return Err(format!("the file has {size} bytes").into());
        }
        cpu = (
            seed.running.cpu_secs() - before.0,
            taker.running.cpu_secs() - before.1,
        );
        memory = memory.max(taker.running.peak_mib());
        drop(taker);
        fs::remove_dir_all(home)?;
        Ok(took)
    })?;
    let more = format!(
        "memory {memory} MiB, CPU of the seed {:.2} s, of the taker {:.2} s (last round)",
        cpu.0, cpu.1
    );
    tell(
        "peer-tui get (pieces and whole file verified)",
        took,
        took,
        &more,
    );
    Ok(took)
}

fn with_nginx(
    server: &Server,
    target: &Path,
    sample: &Sample,
    own: Duration,
) -> Result<(), Failure> {
    let url = format!("http://127.0.0.1:{}/{NAME}", server.port);
    let file = target.join(NAME);
    if let Some(curl) = missing("curl") {
        let fetch = || time(line(&curl, ["-s", "-o"]).arg(&file).arg(&url));
        let took = rounds(target, fetch)?;
        tell("curl from nginx (not verified)", took, own, "");
        if let Some(openssl) = missing("openssl") {
            let took = rounds(target, || {
                let took = fetch()?;
                Ok(took + time(line(&openssl, ["dgst", "-sha256"]).arg(&file))?)
            })?;
            tell("curl, then openssl dgst -sha256", took, own, "");
        }
    }
    if let Some(aria2) = missing("aria2c") {
        let list = target.with_extension("meta4");
        fs::write(&list, metalink(sample, NAME, &url)?)?;
        let took = rounds(target, || {
            let words = ["-q", "--file-allocation=none", "-V", "--no-conf", "-d"];
            time(line(&aria2, words).arg(target).arg("-M").arg(&list))
        })?;
        tell("aria2c with the pieces of a Metalink", took, own, "");
    }
    Ok(())
}

/// The best of some rounds into an empty folder, each followed by what puts it on disk.
fn rounds(
    target: &Path,
    mut run: impl FnMut() -> Result<Duration, Failure>,
) -> Result<Duration, Failure> {
    best(|_| {
        fs::remove_dir_all(target)?;
        fs::create_dir_all(target)?;
        settle();
        run()
    })
}
