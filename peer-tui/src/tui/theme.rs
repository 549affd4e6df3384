//! Tokens to styles.

/// Characters that the terminal can draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    /// Everything.
    #[default]
    Unicode,
    /// The set of the Linux console.
    Cp437,
    /// Seven bits.
    Ascii,
}
