//! The `peer-tui` program.

use std::process::ExitCode;

/// Many small short-lived buffers on several threads: half the memory of the system's allocator
/// after an hour of serving.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    peer_tui::cli::main()
}
