//! The `index-server` program.

use std::process::ExitCode;

/// Ten thousand small sockets and a catalog of small strings: it fragments less than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    index_server::cli::run()
}
