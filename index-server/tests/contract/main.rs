//! The wire contract, held against a running index: in process for all that needs no crash, the
//! real program for what must survive one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::too_many_lines,
    reason = "a table of calls is as long as the contract"
)]

mod batch;
mod document;
mod door;
mod download;
mod feed;
mod formats;
mod kit;
mod openapi;
mod operations;
mod process;
mod proxy;
mod raw;
mod register;
mod routes;
mod search;
mod signed;
