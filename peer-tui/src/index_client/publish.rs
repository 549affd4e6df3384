//! Part of the session with the index.
