//! What settings demand of each other, and what is known by name but not available yet. Nothing
//! that was asked for is ever silently left out.

use super::error::ConfigError;
use super::source::Source;
use super::{Config, Endpoint};
use std::collections::HashMap;
use std::time::Duration;

/// Complains about the first rule that is broken.
pub(super) fn check(config: &Config, source: &Source) -> Result<(), ConfigError> {
    available(config, source)?;
    listeners(config, source)?;
    tls(config, source)?;
    limits(config, source)?;
    super::storage::check(&config.storage, source)
}

fn available(config: &Config, source: &Source) -> Result<(), ConfigError> {
    if !config.listen.sasl.is_empty() {
        let why = "the authentication protocol is not available in this version: it must be empty";
        return Err(source.refuse("listen.sasl", why));
    }
    Ok(())
}

fn listeners(config: &Config, source: &Source) -> Result<(), ConfigError> {
    if !config.listen.tls_terminated {
        let open = config.listen.api.iter().find(|endpoint| match endpoint {
            Endpoint::Tcp(address) => !address.ip().to_canonical().is_loopback(),
            Endpoint::Unix(_) => false,
        });
        if let Some(endpoint) = open {
            let why = format!(
                "{endpoint} can be reached from other machines and passwords would travel in the \
                 clear: use listen.apis, a loopback address, or listen.tls_terminated = true if a \
                 proxy in front of it does TLS"
            );
            return Err(source.refuse("listen.api", &why));
        }
    }
    let mut places = HashMap::new();
    for (entrance, endpoint) in config.listen.all() {
        // Port 0 is "any free one", a different one each time.
        if matches!(endpoint, Endpoint::Tcp(address) if address.port() == 0) {
            continue;
        }
        if let Some(earlier) = places.insert(endpoint, entrance) {
            let key = format!("listen.{}", entrance.name());
            let why = format!("{endpoint} is listed in listen.{} already", earlier.name());
            return Err(source.refuse(&key, &why));
        }
    }
    if config.listen.all().next().is_none() {
        return Err(source.refuse_all(
            "[listen] has no address, so nothing would be served: give at least one, such as \
             imaps = [\"0.0.0.0:993\"]",
        ));
    }
    Ok(())
}

fn tls(config: &Config, source: &Source) -> Result<(), ConfigError> {
    match (&config.tls.certificate, &config.tls.key) {
        (Some(_), None) => Err(source
            .refuse("tls.certificate", "tls.key is not given: the two must be given together")),
        (None, Some(_)) => Err(source
            .refuse("tls.key", "tls.certificate is not given: the two must be given together")),
        _ => Ok(()),
    }
}

fn limits(config: &Config, source: &Source) -> Result<(), ConfigError> {
    const MINUTE: Duration = Duration::from_secs(60);
    let limits = &config.limits;
    if limits.imap_idle_timeout < 30 * MINUTE {
        let why = "must be at least \"30m\" (RFC 9051 §5.4)";
        return Err(source.refuse("limits.imap_idle_timeout", why));
    }
    if limits.pop3_idle_timeout < 10 * MINUTE {
        let why = "must be at least \"10m\" (RFC 1939 §3)";
        return Err(source.refuse("limits.pop3_idle_timeout", why));
    }
    // Smaller buffers are not possible in the HTTP library.
    if limits.http_header_size.bytes() < 8192 {
        return Err(source.refuse("limits.http_header_size", "must be at least \"8KiB\""));
    }
    Ok(())
}
