//! The certificate that TLS shows: loaded from PEM files, or self-signed and kept in `data_dir`;
//! replaced without touching connections when it is reloaded. TLS itself is in `tls`.

mod self_signed;
mod validity;

use crate::config::{Config, Hostname};
use parking_lot::RwLock;
use rustls::client::verify_server_name;
use rustls::crypto::hash::HashAlgorithm;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig, Tls13CipherSuite};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use terms::UnixTime;

pub use validity::Validity;

/// No certificate file is larger.
const LARGEST_FILE: u64 = 1 << 20;

/// Why there is no certificate to show. A sentence that names setting, file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{setting}: {path} cannot be read: {problem}")]
    Unreadable {
        /// The setting that names the file.
        setting: &'static str,
        /// The file.
        path: String,
        /// What the system says.
        problem: String,
    },
    /// The file holds no certificate.
    #[error(
        "tls.certificate: {path} holds no certificate in PEM (\"-----BEGIN CERTIFICATE-----\"); \
         give the certificate and the intermediate ones after it"
    )]
    NoCertificate {
        /// The file.
        path: String,
    },
    /// The first certificate of the file is none.
    #[error("tls.certificate: the first certificate in {path} cannot be understood: {problem}")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// The file holds no private key.
    #[error(
        "tls.key: {path} holds no private key in PEM (\"-----BEGIN PRIVATE KEY-----\"); \
         encrypted keys are not supported"
    )]
    NoKey {
        /// The file.
        path: String,
    },
    /// The key cannot be used.
    #[error(
        "tls.key: the private key in {path} cannot be used: {problem}; RSA, ECDSA or Ed25519 is needed"
    )]
    UnusableKey {
        /// The file.
        path: String,
        /// Why.
        problem: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "tls.key: the private key in {key} is not that of the first certificate in {certificate}"
    )]
    Mismatch {
        /// The file of the key.
        key: String,
        /// The file of the certificate.
        certificate: String,
    },
    /// No certificate could be made, or it could not be kept.
    #[error("data_dir: a self-signed certificate cannot be kept in {path}: {problem}")]
    SelfSigned {
        /// The file or directory.
        path: String,
        /// What went wrong.
        problem: String,
    },
    /// TLS cannot be set up at all.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The certificate that is shown now, and where the next one comes from.
#[derive(Debug)]
pub struct Certificates {
    source: Source,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    SelfSigned { data_dir: PathBuf, hostname: Hostname },
}

impl Certificates {
    /// Loads the configured certificate. Without one, takes the self-signed one of `data_dir`, or
    /// makes it there, and warns.
    ///
    /// # Errors
    /// There is none that could be shown.
    pub fn load(config: &Config) -> Result<Arc<Self>, CertificateError> {
        let source = match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => {
                Source::Files { certificate: certificate.clone(), key: key.clone() }
            }
            // One without the other is refused with the configuration.
            _ => Source::SelfSigned {
                data_dir: config.data_dir.clone(),
                hostname: config.hostname.clone(),
            },
        };
        let current = source.load()?;
        Ok(Arc::new(Self { source, current: RwLock::new(current) }))
    }

    /// Loads it again. New connections are shown the new one; on an error nothing changes.
    ///
    /// # Errors
    /// There is none that could be shown.
    pub fn reload(&self) -> Result<(), CertificateError> {
        let next = self.source.load()?;
        *self.current.write() = next;
        Ok(())
    }

    /// Whether we made it ourselves, so that clients do not trust it.
    pub fn is_self_signed(&self) -> bool {
        matches!(self.source, Source::SelfSigned { .. })
    }

    /// From when to when the certificate shown now is valid; nothing if it does not say so properly.
    pub fn validity(&self) -> Option<Validity> {
        validity_of(&self.current.read())
    }

    /// Whether the certificate shown now is for a host of that name.
    pub fn is_for(&self, hostname: &Hostname) -> bool {
        is_for(&self.current.read(), hostname)
    }

    /// The certificate shown now, for clients in this process that are to trust it.
    pub fn certificate(&self) -> Option<CertificateDer<'static>> {
        self.current.read().cert.first().cloned()
    }

    /// TLS 1.2 and 1.3 with whatever certificate is current when a client says hello.
    ///
    /// # Errors
    /// The cryptography library cannot be set up.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, CertificateError> {
        let setup = |error: rustls::Error| CertificateError::Setup(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        // Clients that come back resume by ticket: nothing to remember here, one ticket is enough.
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(setup)?;
        config.send_tls13_tickets = 1;
        config.ignore_client_order = true;
        Ok(Arc::new(config))
    }
}

/// The suites with SHA-256 first: processors have instructions for it, and for SHA-384 they have not. A
/// handshake hashes a lot; it costs a tenth less.
fn provider() -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let by_sha256 =
        |suite: &Tls13CipherSuite| suite.common.hash_provider.algorithm() == HashAlgorithm::SHA256;
    provider.cipher_suites.sort_by_key(|suite| !suite.tls13().is_some_and(by_sha256));
    provider
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

impl Source {
    fn load(&self) -> Result<Arc<CertifiedKey>, CertificateError> {
        match self {
            Source::Files { certificate, key } => {
                let loaded = from_files(certificate, key)?;
                warn_if_stale(&loaded, certificate);
                warn_if_exposed(key);
                Ok(Arc::new(loaded))
            }
            Source::SelfSigned { data_dir, hostname } => {
                self_signed::load_or_make(data_dir, hostname, now()).map(Arc::new)
            }
        }
    }
}

fn from_files(certificate: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let certificate_path = certificate.display().to_string();
    let key_path = key.display().to_string();
    let chain = CertificateDer::pem_slice_iter(&read("tls.certificate", certificate)?)
        .collect::<Result<Vec<_>, pem::Error>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| CertificateError::NoCertificate { path: certificate_path.clone() })?;
    let secret = PrivateKeyDer::from_pem_slice(&read("tls.key", key)?)
        .map_err(|_| CertificateError::NoKey { path: key_path.clone() })?;
    if let Err(error) = ParsedCertificate::try_from(&chain[0]) {
        let problem = error.to_string();
        return Err(CertificateError::Damaged { path: certificate_path, problem });
    }
    CertifiedKey::from_der(chain, secret, &aws_lc_rs::default_provider()).map_err(|error| {
        match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                CertificateError::Mismatch { key: key_path, certificate: certificate_path }
            }
            other => CertificateError::UnusableKey { path: key_path, problem: other.to_string() },
        }
    })
}

fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE).read_to_end(&mut bytes))
        .map_err(|error| CertificateError::Unreadable {
            setting,
            path: path.display().to_string(),
            problem: error.to_string(),
        })?;
    Ok(bytes)
}

fn validity_of(key: &CertifiedKey) -> Option<Validity> {
    key.cert.first().and_then(|der| Validity::of(der))
}

fn is_for(key: &CertifiedKey, hostname: &Hostname) -> bool {
    let name = ServerName::try_from(hostname.as_str());
    let certificate = key.end_entity_cert().and_then(ParsedCertificate::try_from);
    match (certificate, name) {
        (Ok(certificate), Ok(name)) => verify_server_name(&certificate, &name).is_ok(),
        _ => false,
    }
}

/// An expired certificate is still better than none: some client may have been told to trust it.
fn warn_if_stale(key: &CertifiedKey, path: &Path) {
    if validity_of(key).is_some_and(|validity| !validity.covers(now())) {
        tracing::warn!(path = %path.display(), "the certificate is not valid at this time; clients will refuse it");
    }
}

fn warn_if_exposed(key: &Path) {
    let exposed = std::fs::metadata(key).is_ok_and(|file| file.permissions().mode() & 0o007 != 0);
    if exposed {
        tracing::warn!(path = %key.display(), "everybody on this machine can use the private key; chmod o= it");
    }
}

fn now() -> UnixTime {
    UnixTime(jiff::Timestamp::now().as_second())
}

#[cfg(test)]
mod tests;
