//! How many bytes the kernel still has to send for a TCP connection.
//!
//! A close lets the kernel go on sending what is queued; a session that we end must not (promise L2),
//! so the connection asks here whether anything is queued, and resets instead of closing if so.
//!
//! `SIOCOUTQ` and `TCP_INFO` would tell the same but have no safe wrappers; this asks the kernel's
//! socket diagnostics (`sock_diag(7)`, an exact lookup by address pair, not a scan). Where they are
//! missing, the answer is unknown, and unknown counts as "something is queued".

use rustix::fd::OwnedFd;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};
use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLM_F_REQUEST: u16 = 1;
const IPPROTO_TCP: u8 = 6;
/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// Where `nlmsg_seq` stands in it.
const NUMBER: usize = 8;
/// `struct nlmsghdr` and `struct inet_diag_req_v2`.
const REQUEST: usize = HEADER + 56;
/// Where `idiag_wqueue` stands in `struct nlmsghdr` and `struct inet_diag_msg`.
const WQUEUE: usize = HEADER + 60;
/// `struct nlmsghdr` and `struct inet_diag_msg`; attributes follow.
const ANSWER: usize = HEADER + 72;
/// The attribute that holds a `struct tcp_info`.
const INET_DIAG_INFO: u16 = 2;
/// Where `tcpi_notsent_bytes` stands in it. There since Linux 4.6.
const NOTSENT: usize = 144;
/// `struct nlattr`, before what an attribute holds.
const ATTRIBUTE: usize = 4;

/// What the kernel holds for a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SendQueue {
    /// Bytes that the peer has not acknowledged, sent or not. A sent FIN counts as one.
    pub(crate) unacknowledged: u32,
    /// Bytes of them that have not left yet.
    pub(crate) unsent: u32,
}

/// Asks the kernel about the send queues of this machine's connections.
#[derive(Debug)]
pub(crate) struct SendQueues {
    socket: Option<OwnedFd>,
    /// Numbers the questions, so that no answer is taken for another's.
    asked: Cell<u32>,
}

impl SendQueues {
    /// Opens the way to the kernel. Without one every answer is "unknown".
    pub(crate) fn open() -> Self {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::SOCK_DIAG),
        );
        Self { socket: socket.ok(), asked: Cell::new(1) }
    }

    /// What is queued, or nothing if the kernel does not say.
    pub(crate) fn ask(&self, local: SocketAddr, peer: SocketAddr) -> Option<SendQueue> {
        let socket = self.socket.as_ref()?;
        let number = self.asked.replace(self.asked.get().wrapping_add(1));
        send(socket, &request(local, peer, number), SendFlags::empty()).ok()?;
        let mut answer = [0u8; 2048];
        // The kernel queues its answer before `send` returns. An answer to an earlier question, whose
        // asker gave up, is passed over.
        let length = loop {
            let (length, _) = recv(socket, &mut answer[..], RecvFlags::empty()).ok()?;
            if long(&answer, NUMBER)? == number {
                break length;
            }
        };
        let answer = answer.get(..length)?;
        if short(answer, 4)? != SOCK_DIAG_BY_FAMILY {
            return None;
        }
        let unacknowledged = long(answer, WQUEUE)?;
        // Closed on both sides: there is no more to tell.
        let unsent = unsent(answer.get(ANSWER..)?).unwrap_or(unacknowledged);
        Some(SendQueue { unacknowledged, unsent })
    }
}

/// What the attributes say of bytes not yet sent.
fn unsent(mut attributes: &[u8]) -> Option<u32> {
    loop {
        let length = usize::from(short(attributes, 0)?);
        if short(attributes, 2)? == INET_DIAG_INFO {
            return long(attributes.get(..length)?, ATTRIBUTE + NOTSENT);
        }
        attributes = attributes.get(length.max(ATTRIBUTE).next_multiple_of(4)..)?;
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn request(local: SocketAddr, peer: SocketAddr, number: u32) -> [u8; REQUEST] {
    let mut request = [0u8; REQUEST];
    let mut put = |at: usize, bytes: &[u8]| request[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &(REQUEST as u32).to_ne_bytes());
    put(4, &SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    put(6, &NLM_F_REQUEST.to_ne_bytes());
    put(NUMBER, &number.to_ne_bytes());
    let family = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    put(HEADER, &[family.as_raw() as u8, IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1)]);
    put(HEADER + 4, &u32::MAX.to_ne_bytes()); // every state
    put(HEADER + 8, &local.port().to_be_bytes());
    put(HEADER + 10, &peer.port().to_be_bytes());
    put(HEADER + 12, &octets(local.ip()));
    put(HEADER + 28, &octets(peer.ip()));
    put(HEADER + 48, &[0xff; 8]); // no cookie
    request
}

/// The 16 bytes in which the kernel takes an address of either family.
fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V6(address) => address.octets(),
        IpAddr::V4(address) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&address.octets());
            octets
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn check(address: &str) {
        let queues = SendQueues::open();
        let listener = TcpListener::bind(address).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, peer) = listener.accept().unwrap();
        let local = server.local_addr().unwrap();
        let quiet = Some(SendQueue { unacknowledged: 0, unsent: 0 });
        assert_eq!(queues.ask(local, peer), quiet);
        // The client does not read: its window closes, and the rest stays with us.
        server.set_nonblocking(true).unwrap();
        let mut written = 0;
        while let Ok(count) = server.write(&[0; 65536]) {
            written += count;
        }
        let queued = queues.ask(local, peer).unwrap();
        assert!(queued.unsent > 0 && queued.unsent <= queued.unacknowledged);
        assert!(queued.unacknowledged as usize <= written);
        let mut rest = vec![0; written];
        client.read_exact(&mut rest).unwrap();
        assert_eq!(queues.ask(local, peer), quiet);
        drop(client);
        drop(server);
        assert_eq!(SendQueues { socket: None, asked: Cell::new(1) }.ask(local, peer), None);
    }

    #[test]
    fn ipv4() {
        check("127.0.0.1:0");
    }

    #[test]
    fn ipv6() {
        check("[::1]:0");
    }
}
