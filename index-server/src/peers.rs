//! Who is here: what a caller must bring to act as a peer, and where a peer may be published.
//!
//! Pure: state and time come in as arguments.

pub mod address;

pub use address::{AddressClass, class_of, may_publish};
