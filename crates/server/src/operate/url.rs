//! Where the API is: `https://host:port`, or `http://` on this machine.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Where the API is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub(super) tls: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Url {
    /// Whether it is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        match self.host.parse::<IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// For the header `Host`.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }
}

impl FromStr for Url {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return Err("must begin with https:// or http://".to_owned()),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("has no closing bracket")?;
                host.parse::<std::net::Ipv6Addr>()
                    .map_err(|_| "has no IPv6 address in brackets")?;
                (host, port.strip_prefix(':'))
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let plain = |it: char| it.is_ascii_alphanumeric() || "-._:".contains(it);
        if host.is_empty() || !host.chars().all(plain) {
            return Err("must name a host, and no user, path or query".to_owned());
        }
        let port = match port {
            Some(port) => port.parse().map_err(|_| "has no port number behind the colon")?,
            None if tls => 443,
            None => 80,
        };
        let url = Self { tls, host: host.to_owned(), port };
        if !tls && !url.is_loopback() {
            return Err(
                "must be https:// unless it is on this machine: it carries passwords".into()
            );
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost/", "http://localhost:80"),
            ("https://mail.example.com", "https://mail.example.com:443"),
            ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
            ("http://[::1]", "http://[::1]:80"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "mail.example.com",
            "ftp://localhost",
            "https://",
            "http://mail.example.com",
            "http://192.0.2.1:80",
            "https://user:secret@mail.example.com",
            "https://mail.example.com/api",
            "https://mail.example.com:x",
            "https://mail.example.com:70000",
            "https://[::1",
            "https://[mail.example.com]",
            "https://a b",
        ] {
            assert!(wrong.parse::<Url>().is_err(), "{wrong}");
        }
    }
}
