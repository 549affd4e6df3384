//! A TAP device: a network card whose cable is a file descriptor of this process.
//!
//! The one place of this bench that needs `unsafe`: the kernel names a device by an ioctl that no
//! safe crate offers. Knows no switch.

#![expect(
    unsafe_code,
    reason = "TUNSETIFF has no safe wrapper; the argument is a plain value of the size it reads"
)]

use std::fs::File;
use std::io;

use rustix::ioctl::{Opcode, Setter, ioctl};

/// `_IOW('T', 202, int)` of `linux/if_tun.h`.
const TUNSETIFF: Opcode = 0x4004_54ca;
/// Whole Ethernet frames, without a header before each (`IFF_TAP | IFF_NO_PI`).
const TAP_WITHOUT_INFO: u16 = 0x0002 | 0x1000;

/// `struct ifreq`: 16 bytes of name, then a union of 24 bytes that starts with the flags.
#[repr(C)]
struct Request {
    name: [u8; 16],
    flags: u16,
    rest: [u8; 22],
}

/// Makes a TAP device of this name (at most 15 bytes) in the namespace of this thread; it is gone
/// when the file is closed.
///
/// # Errors
/// When there is no `/dev/net/tun`, or not the right to use it.
pub fn make(name: &str) -> io::Result<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun")?;
    let mut request = Request {
        name: [0; 16],
        flags: TAP_WITHOUT_INFO,
        rest: [0; 22],
    };
    let bytes = name.as_bytes();
    if bytes.len() >= request.name.len() {
        return Err(io::Error::other(format!("{name} is too long for a device")));
    }
    request.name[..bytes.len()].copy_from_slice(bytes);
    // SAFETY: TUNSETIFF reads one `struct ifreq` (40 bytes), which `Request` lays out, and keeps no
    // pointer to it.
    unsafe { ioctl(&file, Setter::<TUNSETIFF, Request>::new(request)) }?;
    rustix::io::ioctl_fionbio(&file, true)?;
    Ok(file)
}
