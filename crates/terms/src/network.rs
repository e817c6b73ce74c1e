//! A range of IP addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share a prefix: `192.0.2.0/24`, `2001:db8::/32`, or one address alone.
///
/// IPv4 addresses that arrive in IPv6 form (`::ffff:192.0.2.1`) count as the IPv4 addresses they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// Why a text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not an IP address before the slash.
    #[error("not an IP address")]
    Address,
    /// Not a number that such an address can have as its prefix length.
    #[error("not a prefix length: 0 to 32 for IPv4, 0 to 128 for IPv6")]
    Prefix,
    /// Bits are set behind the prefix: which network is meant is unclear.
    #[error("the address has bits set behind the prefix")]
    HostBits,
}

impl Network {
    /// The addresses that share the first `prefix` bits of `first`, whose other bits must be 0.
    pub fn new(first: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        let width = if first.is_ipv4() { 32 } else { 128 };
        if prefix > width {
            return Err(NetworkError::Prefix);
        }
        if masked(first, prefix) != first {
            return Err(NetworkError::HostBits);
        }
        Ok(Self { first, prefix })
    }

    /// This address alone.
    pub fn single(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self { first, prefix: if first.is_ipv4() { 32 } else { 128 } }
    }

    /// The addresses that belong to one client: an IPv4 address alone, of IPv6 addresses its whole /64.
    pub fn of_client(address: IpAddr) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) => Self { first: v4, prefix: 32 },
            v6 @ IpAddr::V6(_) => Self { first: masked(v6, 64), prefix: 64 },
        }
    }

    /// Whether `address` is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.prefix) == self.first
    }
}

/// `address` with all bits behind the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(Self::single).map_err(|_| NetworkError::Address);
        };
        let address = address.parse().map_err(|_| NetworkError::Address)?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NetworkError::Prefix);
        }
        Self::new(address, prefix.parse().map_err(|_| NetworkError::Prefix)?)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let network: Network = network.parse().unwrap();
        for address in inside {
            assert!(network.contains(address.parse().unwrap()), "{address} in {network}");
        }
        for address in outside {
            assert!(!network.contains(address.parse().unwrap()), "{address} not in {network}");
        }
    }

    #[test]
    fn contains_what_shares_the_prefix() {
        check("192.0.2.0/24", &["192.0.2.0", "192.0.2.255"], &["192.0.3.0", "192.0.1.255", "::"]);
        check("192.0.2.7", &["192.0.2.7", "::ffff:192.0.2.7"], &["192.0.2.6", "192.0.2.70"]);
        check("192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6"]);
        check("0.0.0.0/0", &["203.0.113.9", "::ffff:1.2.3.4"], &["::1"]);
        check("2001:db8::/32", &["2001:db8:ffff::1"], &["2001:db9::", "32.1.13.184"]);
        check("::/0", &["2001:db8::"], &["1.2.3.4"]);
    }

    #[test]
    fn refuses_what_is_unclear() {
        let rows = [
            ("", NetworkError::Address),
            ("example.com", NetworkError::Address),
            ("192.0.2/24", NetworkError::Address),
            ("192.0.2.0/33", NetworkError::Prefix),
            ("192.0.2.0/", NetworkError::Prefix),
            ("192.0.2.0/+8", NetworkError::Prefix),
            ("192.0.2.0/999", NetworkError::Prefix),
            ("192.0.2.1/24", NetworkError::HostBits),
            ("2001:db8::1/64", NetworkError::HostBits),
        ];
        for (text, error) in rows {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
    }

    #[test]
    fn prints_as_it_is_read() {
        for text in ["192.0.2.0/24", "192.0.2.7/32", "2001:db8::/32", "::/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
    }
}
