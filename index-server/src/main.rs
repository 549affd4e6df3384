//! The `index-server` program.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: index_server::allocator::Allocator = index_server::allocator::Allocator;

fn main() -> ExitCode {
    index_server::cli::run()
}
