//! Pieces that screens are made of. They know tokens, never colours, and nothing of the model.

pub mod bar;
pub mod canvas;
pub mod graph;
pub mod pieces;
pub mod table;
