//! Plain files that the programs embed. Knows nothing of either of them.
