//! One file a screen: from the model to a canvas, in the areas of the layout.

pub mod browse;
pub mod details;
pub mod log;
pub mod parts;
pub mod peers;
pub mod search;
pub mod shares;
pub mod transfer_row;
pub mod transfers;
