//! Wires the engine and shows it to screens and scripts over a unix socket.

pub mod board;
pub mod client;
pub mod command;
pub mod engine;
pub mod log;
pub mod memory;
pub mod peers;
pub mod run;
pub mod sections;
pub mod server;
pub mod session;
pub mod socket;
pub mod state;
pub mod stuck;
