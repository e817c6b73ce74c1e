//! A certificate of our own making, for those who have none yet. Kept, so that clients that were
//! told to trust it are not asked again after every start.

use super::{CertificateError, from_files, is_for, validity_of};
use crate::config::Hostname;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::sign::CertifiedKey;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use terms::UnixTime;

const CERTIFICATE: &str = "self-signed-certificate.pem";
const KEY: &str = "self-signed-key.pem";

const DAY: i64 = 24 * 60 * 60;
/// How long a new one is valid.
const LIFETIME_YEARS: i16 = 10;
/// One that ends sooner is replaced.
const SPARE: i64 = 30 * DAY;

/// The certificate kept in `data_dir` if it is good for `hostname` and for a while; otherwise a new
/// one, kept there. Warns either way.
pub(super) fn load_or_make(
    data_dir: &Path,
    hostname: &Hostname,
    now: UnixTime,
) -> Result<CertifiedKey, CertificateError> {
    let (certificate, key) = (data_dir.join(CERTIFICATE), data_dir.join(KEY));
    if let Ok(kept) = from_files(&certificate, &key) {
        let lasts = validity_of(&kept)
            .is_some_and(|validity| validity.covers(now) && now.0 + SPARE < validity.until.0);
        if lasts && is_for(&kept, hostname) {
            tracing::warn!(
                path = %certificate.display(),
                "no tls.certificate is configured: using the self-signed one, which clients do not trust"
            );
            return Ok(kept);
        }
    }
    make(&certificate, &key, hostname, now)?;
    tracing::warn!(
        path = %certificate.display(),
        %hostname,
        "no tls.certificate is configured: made a self-signed one, which clients do not trust"
    );
    from_files(&certificate, &key)
}

fn make(
    certificate: &Path,
    key: &Path,
    hostname: &Hostname,
    now: UnixTime,
) -> Result<(), CertificateError> {
    let failed = |path: &Path, problem: String| CertificateError::SelfSigned {
        path: path.display().to_string(),
        problem,
    };
    let (pem, key_pem) =
        sign(hostname, now).map_err(|error| failed(certificate, error.to_string()))?;
    if let Some(data_dir) = certificate.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|error| failed(data_dir, error.to_string()))?;
    }
    // Two files cannot be replaced at once. If only one was, they do not match and are made anew.
    replace(key, 0o600, &key_pem).map_err(|error| failed(key, error.to_string()))?;
    replace(certificate, 0o644, &pem).map_err(|error| failed(certificate, error.to_string()))
}

/// The certificate and its key in PEM.
fn sign(hostname: &Hostname, now: UnixTime) -> Result<(String, String), rcgen::Error> {
    let mut names = vec![hostname.to_string(), "localhost".to_owned()];
    names.extend(["127.0.0.1".to_owned(), "::1".to_owned()]);
    names.dedup();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, hostname.as_str());
    // A day earlier, for clients whose clocks are behind.
    let (year, month, day) = date(UnixTime(now.0 - DAY));
    params.not_before = rcgen::date_time_ymd(year.into(), month, day);
    params.not_after = rcgen::date_time_ymd((year + LIFETIME_YEARS).into(), month, day);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Year, month and a day that every year has.
fn date(at: UnixTime) -> (i16, u8, u8) {
    let date = jiff::Timestamp::from_second(at.0)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    // The calendar's months are 1 to 12, its days 1 to 31.
    (date.year(), date.month().unsigned_abs(), date.day().unsigned_abs().min(28))
}

/// Puts a file in the place of another one, whole or not at all.
fn replace(path: &Path, mode: u32, content: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    // One left by a crash may have other permissions.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}
