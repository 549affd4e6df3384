//! Wires the engine and shows it to screens and scripts over a unix socket.

pub mod command;
pub mod state;
