//! Programs that are not of this workspace: there or a failure in words, and without the
//! settings of whoever runs the tests.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A command line of a program of the Debian package `package`.
pub fn program(name: &str, package: &str) -> Command {
    let mut line = Command::new(find(name, package));
    for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        line.env_remove(proxy);
    }
    line
}

/// curl that says nothing but errors and reads no settings.
pub fn curl() -> Command {
    let mut line = program("curl", "curl");
    // --disable has to come first.
    line.args(["--disable", "--silent", "--show-error", "--fail"]);
    line
}

fn find(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where Debian keeps the programs of root, which not every PATH has.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    let mut found = folders.map(|folder| folder.join(name));
    found
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is not installed: apt-get install {package}"))
}

/// What a program prints; the test ends with its messages when it fails.
#[track_caller]
pub fn output(line: &mut Command) -> Vec<u8> {
    let Output {
        status,
        stdout,
        stderr,
    } = line.output().expect("start a program");
    let (said, errors) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{line:?}: {status}\n{said}\n{errors}");
    stdout
}
