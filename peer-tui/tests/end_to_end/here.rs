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
