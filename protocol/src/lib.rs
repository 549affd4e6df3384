//! What Peerdex programs say to each other: values in, values out.
//!
//! A leaf of the workspace: it knows no runtime, no file, no network and no clock, so that the
//! index, the peer, the screen and every test agree on one meaning of a name, a range or a query.
//!
//! Where to look: ids and hashes in [`ids`] and [`hash`]; what a file is cut into in [`pieces`];
//! names that are safe to show ([`text`], and [`json`]) and to write ([`names`]); wire objects in [`peer`],
//! [`mod@file`], [`contents`], [`search`], [`stats`] and [`event`]; what a registration must obey in
//! [`registration`]; the search grammar in [`query`]; refusals in [`problem`]; what a request
//! must look like in [`door`]; every cap in [`limits`]; every URL in [`routes`].

pub mod address;
pub mod byte_range;
pub mod byte_size;
pub mod catalog_digest;
pub mod category;
mod character;
pub mod contents;
pub mod door;
pub mod event;
pub mod file;
pub mod hash;
pub mod ids;
pub mod json;
pub mod limits;
pub mod machine;
pub mod names;
pub mod peer;
pub mod pieces;
pub mod problem;
pub mod proof;
pub mod query;
pub mod registration;
pub mod routes;
mod schema;
pub mod search;
pub mod stats;
pub mod tags;
pub mod text;

/// Version of the wire contract that both programs speak; part of every signed statement.
pub const PROTOCOL_VERSION: u32 = 1;
