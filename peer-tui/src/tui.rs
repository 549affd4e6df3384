//! The full screen: a client of the daemon and of nothing else in the peer.
