//! The `peer-tui` program.
fn main() {}
