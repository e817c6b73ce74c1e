//! The API of a running server, as a client sees it: one request, one connection.

use super::credentials::{Credentials, Proof};
use super::url::Url;
use crate::cli::ServerArgs;
use crate::failure::Failure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// For one request, from connecting to the whole answer. The server's own bound is shorter.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 256 << 20;

/// A server's API, with somebody's rights.
pub(super) struct Remote {
    url: Url,
    credentials: Credentials,
    tls: TlsConnector,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    /// The whole answer.
    pub(super) whole: Map<String, Value>,
}

impl Reply {
    /// The error's number and text; none if it was a success.
    pub(super) fn error(&self) -> Option<(u64, String)> {
        if self.whole.get("success") == Some(&Value::Bool(true)) {
            return None;
        }
        let number = self.whole.get("error_number").and_then(Value::as_u64).unwrap_or_default();
        let mut text = self.text("error").unwrap_or("unknown error").to_owned();
        if let Some(Value::Object(hints)) = self.whole.get("hints") {
            for (name, why) in hints {
                text.push_str(&format!("; {name} {}", why.as_str().unwrap_or_default()));
            }
        }
        if let Some(audit) = self.text("audit") {
            text.push_str(&format!(" (audit {audit})"));
        }
        Some((number, text))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.whole.get(name)?.as_str()
    }
}

impl Remote {
    pub(super) fn new(args: &ServerArgs) -> Result<Self, Failure> {
        if args.insecure && !args.url.is_loopback() {
            return Err(Failure::Other(
                "--insecure is for this machine's own addresses only: give --ca FILE with the \
                 server's certificate"
                    .to_owned(),
            ));
        }
        let credentials = Credentials::find(args.credentials.as_deref())?;
        Ok(Self { url: args.url.clone(), credentials, tls: connector(args)? })
    }

    /// Calls a method, which has to succeed.
    pub(super) async fn call(&self, method: &str, fields: Value) -> Result<Reply, Failure> {
        let reply = self.ask(method, fields).await?;
        match reply.error() {
            None => Ok(reply),
            Some((_, text)) => Err(Failure::Other(format!("{method}: {text}"))),
        }
    }

    /// Calls a method.
    pub(super) async fn ask(&self, method: &str, fields: Value) -> Result<Reply, Failure> {
        let asked = timeout(PATIENCE, self.exchange(method, fields)).await;
        let asked = asked.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        asked.map_err(|why| Failure::Other(format!("{}: {why}", self.url)))
    }

    async fn exchange(&self, method: &str, fields: Value) -> Result<Reply, String> {
        let tcp = TcpStream::connect((self.url.host.as_str(), self.url.port));
        let tcp = tcp.await.map_err(|error| format!("cannot connect: {error}"))?;
        if !self.url.tls {
            return self.post(tcp, method, fields).await;
        }
        let name =
            ServerName::try_from(self.url.host.clone()).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, tcp).await;
        let stream = stream.map_err(|error| format!("TLS failed: {error}"))?;
        self.post(stream, method, fields).await
    }

    async fn post(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        method: &str,
        fields: Value,
    ) -> Result<Reply, String> {
        let (name, proof) = match &self.credentials.proof {
            Proof::Password(password) => ("password", password),
            Proof::Token(token) => ("token", token),
        };
        let mut body = fields;
        body["credentials"] = json!({ "user": self.credentials.user, name: proof.reveal() });
        let request = Request::post(format!("/api/{method}"))
            .header(HOST, self.url.authority())
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| error.to_string())?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        let driven = tokio::spawn(connection);
        let answer = async {
            let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            match serde_json::from_slice(&body) {
                Ok(Value::Object(whole)) if whole.contains_key("success") => Ok(Reply { whole }),
                _ => Err(format!("not an answer of the API (status {status})")),
            }
        };
        let answer = answer.await;
        driven.abort();
        answer
    }
}

fn connector(args: &ServerArgs) -> Result<TlsConnector, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Other(format!("cannot use TLS: {error}"));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let config = if args.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked(provider)))
    } else {
        builder.with_root_certificates(roots(args)?)
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

/// Whom a certificate may come from: the file's, or whom this machine trusts.
fn roots(args: &ServerArgs) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    let Some(path) = &args.ca else {
        if args.url.tls {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        return Ok(roots);
    };
    let failed = |why: String| Failure::Other(format!("certificates {}: {why}", path.display()));
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("holds none".to_owned()));
    }
    Ok(roots)
}

/// Takes any certificate; that the peer has its key is checked all the same. For this machine's own
/// addresses only.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
