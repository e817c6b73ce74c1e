//! Where clients come in.

use super::section::section;
use super::setting::{Raw, Refused, Setting, quoted, read_text};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

section! {
    /// Where clients come in. Each entry is "address:port", "[address]:port" or "unix:/path"; an
    /// empty list is off.
    "listen" Listen {
        /// IMAP; TLS by STARTTLS.
        imap: Vec<Endpoint> = Vec::new(),
        /// IMAP within TLS.
        imaps: Vec<Endpoint> = Vec::new(),
        /// POP3; TLS by STLS.
        pop3: Vec<Endpoint> = Vec::new(),
        /// POP3 within TLS.
        pop3s: Vec<Endpoint> = Vec::new(),
        /// Mail from the mail transfer agent, by LMTP. Whoever reaches it can deliver.
        lmtp: Vec<Endpoint> = Vec::new(),
        /// Dovecot authentication protocol. Not available in this version: must be empty.
        sasl: Vec<Endpoint> = Vec::new(),
        /// The API over plain HTTP: loopback addresses and sockets only, unless tls_terminated.
        api: Vec<Endpoint> = Vec::new(),
        /// The API over HTTPS.
        apis: Vec<Endpoint> = Vec::new(),
        /// /metrics, /healthz and /readyz over plain HTTP. Whoever reaches it can read them.
        metrics: Vec<Endpoint> = Vec::new(),
        /// Whether something else ends TLS before `api`, so that it may listen on any address.
        tls_terminated: bool = false,
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A TCP address. Port 0 is any free one.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp(address) => address.fmt(f),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A kind of listener: what is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entrance {
    /// IMAP, TLS by STARTTLS.
    Imap,
    /// IMAP within TLS.
    Imaps,
    /// POP3, TLS by STLS.
    Pop3,
    /// POP3 within TLS.
    Pop3s,
    /// LMTP.
    Lmtp,
    /// The API, plain.
    Api,
    /// The API within TLS.
    Apis,
    /// Metrics and health.
    Metrics,
}

impl Entrance {
    /// All of them.
    pub const ALL: [Entrance; 8] = [
        Entrance::Imap,
        Entrance::Imaps,
        Entrance::Pop3,
        Entrance::Pop3s,
        Entrance::Lmtp,
        Entrance::Api,
        Entrance::Apis,
        Entrance::Metrics,
    ];

    /// The key under `[listen]`; also the name in logs, metrics and the line `ready`.
    pub fn name(self) -> &'static str {
        match self {
            Entrance::Imap => "imap",
            Entrance::Imaps => "imaps",
            Entrance::Pop3 => "pop3",
            Entrance::Pop3s => "pop3s",
            Entrance::Lmtp => "lmtp",
            Entrance::Api => "api",
            Entrance::Apis => "apis",
            Entrance::Metrics => "metrics",
        }
    }

    /// Whether mail is read or delivered there.
    pub fn is_mail(self) -> bool {
        match self {
            Entrance::Imap | Entrance::Imaps | Entrance::Pop3 | Entrance::Pop3s => true,
            Entrance::Lmtp => true,
            Entrance::Api | Entrance::Apis | Entrance::Metrics => false,
        }
    }

    /// Whether a connection begins with the TLS handshake.
    pub fn is_tls(self) -> bool {
        matches!(self, Entrance::Imaps | Entrance::Pop3s | Entrance::Apis)
    }
}

impl Listen {
    /// The endpoints of one kind.
    pub fn at(&self, entrance: Entrance) -> &[Endpoint] {
        match entrance {
            Entrance::Imap => &self.imap,
            Entrance::Imaps => &self.imaps,
            Entrance::Pop3 => &self.pop3,
            Entrance::Pop3s => &self.pop3s,
            Entrance::Lmtp => &self.lmtp,
            Entrance::Api => &self.api,
            Entrance::Apis => &self.apis,
            Entrance::Metrics => &self.metrics,
        }
    }

    /// Every endpoint with its kind.
    pub fn all(&self) -> impl Iterator<Item = (Entrance, &Endpoint)> {
        Entrance::ALL
            .into_iter()
            .flat_map(|entrance| self.at(entrance).iter().map(move |at| (entrance, at)))
    }
}

/// The longest path of a local socket that Linux takes (`sun_path` less its final zero).
const LONGEST_SOCKET_PATH: usize = 107;

impl Setting for Endpoint {
    fn read(raw: &Raw) -> Result<Self, Refused> {
        let must = "must be \"address:port\", such as \"127.0.0.1:143\" or \"[::]:993\", or \
                    \"unix:\" and an absolute path of at most 107 bytes";
        read_text(raw, must, |text| match text.strip_prefix("unix:") {
            Some(path) => {
                (path.starts_with('/') && path.len() <= LONGEST_SOCKET_PATH && !path.contains('\0'))
                    .then(|| Endpoint::Unix(PathBuf::from(path)))
            }
            None => text.parse().ok().map(Endpoint::Tcp),
        })
    }

    fn print(&self) -> Option<String> {
        Some(quoted(&self.to_string()))
    }
}
