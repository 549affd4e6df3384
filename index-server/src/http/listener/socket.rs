//! The listening socket: one for both address families where the machine has both.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the kernel keeps until they are taken.
const BACKLOG: i32 = 1024;

/// Binds `address`; `[::]` takes IPv4 too, and falls back to `0.0.0.0` where IPv6 is switched off.
///
/// # Errors
/// What the system says.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let bound = bind_one(address);
    if address.is_ipv6()
        && address.ip().is_unspecified()
        && let Err(error) = &bound
        && is_without_ipv6(error)
    {
        return bind_one(SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port())));
    }
    bound
}

/// The address that this machine has towards `other`, by its own routing; nothing is sent.
pub fn own_address_towards(other: IpAddr) -> Option<IpAddr> {
    /// Any port does.
    const DISCARD: u16 = 9;
    let any: IpAddr = match other {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((other, DISCARD)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // Only so that a restart need not wait for old connections; a second listener still fails.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_unspecified_address_takes_both_families() {
        let listener = bind("[::]:0".parse().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let near = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        tokio::net::TcpStream::connect(near).await.unwrap();
        let (_stream, remote) = listener.accept().await.unwrap();
        assert!(remote.ip().to_canonical().is_loopback());
    }

    #[tokio::test]
    async fn a_port_in_use_is_an_error_and_no_second_listener() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
