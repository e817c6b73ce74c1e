//! Who asks, when a proxy stands between: `X-Forwarded-For`, believed from trusted networks only.

use hyper::header::HeaderMap;
use std::net::IpAddr;
use terms::Network;

/// The address of the client: the nearest one to us that is not a trusted proxy's own. Each proxy
/// appends whom it saw, so what stands left of an untrusted address is that one's own invention.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let seen = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    for address in seen {
        if !is_trusted(client) {
            break;
        }
        // An address we cannot read was seen by the trusted one before it: that is all we know.
        let Ok(address) = address.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, lines: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let client = client(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(client.to_string(), expected, "{peer} {lines:?}");
    }

    #[test]
    fn only_proxies_we_trust_are_believed() {
        check("192.0.2.1", &[], "192.0.2.1");
        check("192.0.2.1", &["203.0.113.1"], "192.0.2.1");
        check("10.0.0.1", &["203.0.113.1"], "203.0.113.1");
        check("::ffff:10.0.0.1", &["203.0.113.1"], "203.0.113.1");
        check("10.0.0.1", &["198.51.100.1, 203.0.113.1"], "203.0.113.1");
        check("10.0.0.1", &["203.0.113.1, 10.0.0.2"], "203.0.113.1");
        check("10.0.0.1", &["203.0.113.1", "10.0.0.2"], "203.0.113.1");
        check("10.0.0.1", &["unknown, 10.0.0.2"], "10.0.0.2");
        check("::1", &["2001:db8::1"], "2001:db8::1");
        check("10.0.0.1", &[""], "10.0.0.1");
    }
}
