//! Certificates that are fine, that are not, and what is said then.

use super::*;
use rustls::CipherSuite;
use std::os::unix::fs::MetadataExt;

fn config(dir: &Path, text: &str) -> Config {
    let text = format!("data_dir = {dir:?}\nlisten.imaps = [\"127.0.0.1:0\"]\n{text}");
    Config::parse("posthouse.toml", &text, []).unwrap()
}

/// Writes a certificate and a key of these names' own making.
fn write_pair(dir: &Path, certificate: &str, key: &str, host: &str) {
    let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
    std::fs::write(dir.join(certificate), made.cert.pem()).unwrap();
    std::fs::write(dir.join(key), made.signing_key.serialize_pem()).unwrap();
}

#[test]
fn files_that_cannot_be_used() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_pair(dir, "a.pem", "a.key", "a.example");
    write_pair(dir, "b.pem", "b.key", "b.example");
    std::fs::write(dir.join("empty"), "").unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(dir.join("damaged.pem"), damaged).unwrap();
    let at = dir.display();
    for (certificate, key, sentence) in [
        (
            "none",
            "a.key",
            format!(
                "tls.certificate: {at}/none cannot be read: No such file or directory (os error 2)"
            ),
        ),
        (
            "a.pem",
            "none",
            format!("tls.key: {at}/none cannot be read: No such file or directory (os error 2)"),
        ),
        (
            "a.key",
            "a.key",
            format!(
                "tls.certificate: {at}/a.key holds no certificate in PEM (\"-----BEGIN \
                 CERTIFICATE-----\"); give the certificate and the intermediate ones after it"
            ),
        ),
        (
            "a.pem",
            "empty",
            format!(
                "tls.key: {at}/empty holds no private key in PEM (\"-----BEGIN PRIVATE KEY-----\"); \
                 encrypted keys are not supported"
            ),
        ),
        (
            "a.pem",
            "b.key",
            format!(
                "tls.key: the private key in {at}/b.key is not that of the first certificate in {at}/a.pem"
            ),
        ),
        (
            "damaged.pem",
            "a.key",
            format!(
                "tls.certificate: the first certificate in {at}/damaged.pem cannot be understood: \
                 invalid peer certificate: BadEncoding"
            ),
        ),
    ] {
        let text = format!("[tls]\ncertificate = \"{at}/{certificate}\"\nkey = \"{at}/{key}\"");
        let error = Certificates::load(&config(dir, &text)).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn reloading_takes_the_new_one_or_keeps_the_old() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_pair(dir, "a.pem", "a.key", "a.example");
    let at = dir.display();
    let text = format!("[tls]\ncertificate = \"{at}/a.pem\"\nkey = \"{at}/a.key\"");
    let certificates = Certificates::load(&config(dir, &text)).unwrap();
    let is_for = |name| certificates.is_for(&Hostname::parse(name).unwrap());
    assert!(!certificates.is_self_signed());
    assert!(is_for("a.example") && !is_for("b.example"));
    certificates.server_config().unwrap();

    std::fs::write(dir.join("a.key"), "garbage").unwrap();
    assert!(certificates.reload().is_err());
    assert!(is_for("a.example"));

    write_pair(dir, "a.pem", "a.key", "b.example");
    certificates.reload().unwrap();
    assert!(is_for("b.example") && !is_for("a.example"));
}

#[test]
fn the_self_signed_one_is_kept_while_it_is_good() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("made/below");
    let load = |host: &str| {
        let certificates =
            Certificates::load(&config(&data_dir, &format!("hostname = {host:?}"))).unwrap();
        assert!(certificates.is_self_signed());
        assert!(certificates.is_for(&Hostname::parse(host).unwrap()));
        assert!(certificates.is_for(&Hostname::parse("localhost").unwrap()));
        assert!(certificates.validity().unwrap().covers(now()));
        certificates.certificate().unwrap()
    };
    let first = load("mail.example");
    let key = data_dir.join("self-signed-key.pem");
    assert_eq!(std::fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&data_dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(load("mail.example"), first);
    let second = load("other.example");
    assert_ne!(second, first);
    std::fs::remove_file(&key).unwrap();
    assert_ne!(load("other.example"), second);
}

#[test]
fn one_about_to_end_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let host = Hostname::parse("mail.example").unwrap();
    let year = 365 * 24 * 60 * 60;
    let old = self_signed::load_or_make(dir.path(), &host, UnixTime(now().0 - 10 * year)).unwrap();
    let new = self_signed::load_or_make(dir.path(), &host, now()).unwrap();
    assert_ne!(old.cert, new.cert);
}

#[test]
fn suites_that_processors_are_quick_at_come_first() {
    let suites = provider().cipher_suites;
    let names: Vec<_> = suites.iter().take(3).map(|suite| suite.suite()).collect();
    assert_eq!(
        names,
        [
            CipherSuite::TLS13_AES_128_GCM_SHA256,
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
            CipherSuite::TLS13_AES_256_GCM_SHA384,
        ]
    );
    assert_eq!(suites.len(), aws_lc_rs::default_provider().cipher_suites.len());
}
