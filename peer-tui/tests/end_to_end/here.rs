//! What lies in a shared folder need not come over the network.

use std::fs;

use crate::kit::tree::noise;
use crate::kit::{Network, PATIENCE, wait_for};

#[test]
fn what_is_shared_here_is_copied_and_not_fetched() {
    let network = Network::start();
    let bytes = noise(61, 3 << 20);
    let lena = network.peer("lena");
    lena.write("harbour s61.raw", &bytes);
    let lena = lena.start_sharing(1);
    wait_for("it is found", PATIENCE, || {
        (network.index.count("s61") == 1).then_some(())
    });
    let place = lena.downloads().with_file_name("copy.raw");
    let wanted = place.to_str().expect("a path of the test");
    // Nobody else has it.
    let mut line = lena.command("get");
    line.args(["s61", "-o", wanted]);
    let mut get = line.spawn().expect("the program starts");
    let status = wait_for("it is there", PATIENCE, || get.try_wait().expect("a child"));
    assert!(status.success());
    assert!(fs::read(&place).is_ok_and(|there| there == bytes));
    let status = lena.json(&["status"]).expect("the daemon answers");
    assert_eq!(status["uploads"][0], 0, "not asked for over the network");
}

#[test]
fn of_a_folder_only_what_is_not_here_is_fetched() {
    let network = Network::start();
    let (lena, marta) = (network.peer("lena"), network.peer("marta"));
    let mut new_bytes = 0;
    let mut files = Vec::new();
    for number in 0..14_u64 {
        let size = if number < 2 { 1 << 20 } else { 5_000 + number };
        let size = usize::try_from(size).expect("a size of the test");
        let (name, bytes) = (format!("trip/day {number}.raw"), noise(620 + number, size));
        lena.write(&name, &bytes);
        if number % 2 == 0 {
            marta.write(&format!("mine/{number}"), &bytes);
        } else {
            new_bytes += bytes.len();
        }
        files.push((name, bytes));
    }
    let lena = lena.start_sharing(14);
    let marta = marta.start_sharing(7);
    wait_for("all are found", PATIENCE, || {
        (network.index.count("raw") == 14).then_some(())
    });
    marta.output(&["get", "--folder", "lena:trip"]);
    for (name, bytes) in &files {
        let there = fs::read(marta.downloads().join(name));
        assert!(there.is_ok_and(|there| there == *bytes), "{name}");
    }
    // What was sent is counted once it has left, which may be after it has come.
    wait_for("only what was not here is sent", PATIENCE, || {
        let status = lena.json(&["status"])?;
        (status["uploads"][0] == new_bytes).then_some(())
    });
    wait_for("the downloads are shared", PATIENCE, || {
        let status = marta.json(&["status"])?;
        (status["header"]["shared_files"] == 21).then_some(())
    });
    let again = marta.output(&["get", "--folder", "lena:trip"]);
    let count = fs::read_dir(marta.downloads().join("trip")).expect("a folder");
    assert_eq!(count.count(), 14, "no second copies: {again}");
}
