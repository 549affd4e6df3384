//! The `index-server` program.
fn main() {}
