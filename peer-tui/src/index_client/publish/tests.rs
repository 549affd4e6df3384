//! What reaches a fake index: everything once, every change, nothing twice.
