//! Every way to be wrong, with the exact sentence; overriding by variables; printing and reading back.

use super::*;

mod storage;

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::parse("posthouse.toml", text, variables)
}

/// A configuration that is fine: what is tested comes on top.
const FINE: &str = "listen.imaps = [\"0.0.0.0:993\"]\n";

fn check(text: &str, variables: &[(&str, &str)], sentence: &str) {
    match parse(text, variables) {
        Ok(_) => panic!("was accepted: {text}"),
        Err(error) => assert_eq!(error.to_string(), sentence, "{text}"),
    }
}

#[test]
fn wrong_values() {
    let endpoint = "must be \"address:port\", such as \"127.0.0.1:143\" or \"[::]:993\", or \
                    \"unix:\" and an absolute path of at most 107 bytes";
    let time = "must be a length of time above zero with its unit, such as \"10s\" \
                (units: ms, s, m, h, d)";
    for (text, sentence) in [
        ("data_dir = 3", "posthouse.toml, line 1: data_dir is 3, but must be a path".to_owned()),
        ("data_dir = \"\"", "posthouse.toml, line 1: data_dir is \"\", but must be a path".to_owned()),
        (
            "\n\nhostname = \"mail_example\"",
            "posthouse.toml, line 3: hostname is \"mail_example\", but must be a host name such as \
             \"mail.example.com\""
                .to_owned(),
        ),
        (
            "shutdown_timeout = 10",
            format!("posthouse.toml, line 1: shutdown_timeout is 10, but {time}"),
        ),
        (
            "shutdown_timeout = \"0s\"",
            format!("posthouse.toml, line 1: shutdown_timeout is \"0s\", but {time}"),
        ),
        (
            "[listen]\nimap = [\n  \"127.0.0.1:143\",\n  \"localhost:143\",\n]",
            format!(
                "posthouse.toml, line 4: listen.imap has \"localhost:143\", but each element {endpoint}"
            ),
        ),
        (
            "[listen]\nimap = [\"unix:mail.sock\"]",
            format!(
                "posthouse.toml, line 2: listen.imap has \"unix:mail.sock\", but each element {endpoint}"
            ),
        ),
        (
            "listen.imap = \"127.0.0.1:143\"",
            "posthouse.toml, line 1: listen.imap is \"127.0.0.1:143\", but must be a list: put it in [ ]"
                .to_owned(),
        ),
        (
            "listen.imap = 143",
            format!(
                "posthouse.toml, line 1: listen.imap is 143, but must be a list, of which each element \
                 {endpoint}"
            ),
        ),
        (
            "auth.throttle = \"yes\"",
            "posthouse.toml, line 1: auth.throttle is \"yes\", but must be true or false".to_owned(),
        ),
        (
            "[limits]\nsessions_per_account = 0",
            "posthouse.toml, line 2: limits.sessions_per_account is 0, but must be a whole number from \
             1 to 4294967295"
                .to_owned(),
        ),
        (
            "[limits]\nsessions_per_account = 1.5",
            "posthouse.toml, line 2: limits.sessions_per_account is 1.5, but must be a whole number \
             from 1 to 4294967295"
                .to_owned(),
        ),
        (
            "[limits]\nmessage_size = \"50MB\"",
            "posthouse.toml, line 2: limits.message_size is \"50MB\", but must be a size above zero \
             with its unit, such as \"50MiB\" (units: B, KiB, MiB, GiB, TiB)"
                .to_owned(),
        ),
        (
            "[limits]\ntrusted_networks = [\"10.0.0.0/8\", \"10.0.0.1/8\"]",
            "posthouse.toml, line 2: limits.trusted_networks has \"10.0.0.1/8\", but each element must \
             be a network such as \"192.0.2.0/24\" or \"2001:db8::/32\", without bits set behind the \
             prefix, or one address"
                .to_owned(),
        ),
        (
            "storage.engine = \"mysql\"",
            "posthouse.toml, line 1: storage.engine is \"mysql\", but must be \"embedded\" or \
             \"postgresql\""
                .to_owned(),
        ),
    ] {
        check(text, &[], &sentence);
    }
}

#[test]
fn what_nobody_knows() {
    for (text, sentence) in [
        (
            "data_dri = \"/x\"",
            "posthouse.toml, line 1: data_dri is not a setting; those outside of sections are data_dir, \
             hostname, shutdown_timeout",
        ),
        (
            "[auth]\nthrotle = true",
            "posthouse.toml, line 2: auth.throtle is not a setting; those in [auth] are throttle, \
             plaintext_on_loopback",
        ),
        (
            "[limit]\n",
            "posthouse.toml, line 1: [limit] is not a section; the sections are [auth], [cluster], \
             [limits], [listen], [storage], [storage.blobs], [tls]",
        ),
        (
            "limits = 3",
            "posthouse.toml, line 1: limits is a section: write [limits] and its keys below",
        ),
        (
            "[[listen]]\nimap = []",
            "posthouse.toml, line 1: listen is a section: write [listen] and its keys below",
        ),
        (
            "\"listen.imap\" = []",
            "posthouse.toml, line 1: \"listen.imap\" is not the name of any setting",
        ),
        ("a = 1\na = 2", "posthouse.toml, line 2: not TOML: duplicate key"),
        (
            "a =\n",
            "posthouse.toml, line 1: not TOML: string values must be quoted, expected literal string",
        ),
    ] {
        check(text, &[], sentence);
    }
}

#[test]
fn what_does_not_go_together() {
    for (text, sentence) in [
        (
            "",
            "posthouse.toml: [listen] has no address, so nothing would be served: give at least one, \
             such as imaps = [\"0.0.0.0:993\"]",
        ),
        (
            "[listen]\napi = [\"127.0.0.1:8080\", \"0.0.0.0:8080\"]",
            "posthouse.toml, line 2: listen.api is [\"127.0.0.1:8080\", \"0.0.0.0:8080\"], but \
             0.0.0.0:8080 can be reached from other machines and passwords would travel in the clear: \
             use listen.apis, a loopback address, or listen.tls_terminated = true if a proxy in front \
             of it does TLS",
        ),
        (
            "[listen]\nimap = [\"[::1]:143\"]\npop3 = [\"[::1]:143\"]",
            "posthouse.toml, line 3: listen.pop3 is [\"[::1]:143\"], but [::1]:143 is listed in \
             listen.imap already",
        ),
        (
            "[listen]\nsasl = [\"unix:/run/auth\"]",
            "posthouse.toml, line 2: listen.sasl is [\"unix:/run/auth\"], but the authentication \
             protocol is not available in this version: it must be empty",
        ),
        (
            "listen.imaps = [\"0.0.0.0:993\"]\ntls.certificate = \"/c.pem\"",
            "posthouse.toml, line 2: tls.certificate is \"/c.pem\", but tls.key is not given: the two \
             must be given together",
        ),
        (
            "listen.imaps = [\"0.0.0.0:993\"]\ntls.key = \"/k.pem\"",
            "posthouse.toml, line 2: tls.key is \"/k.pem\", but tls.certificate is not given: the two \
             must be given together",
        ),
        (
            "[cluster]\nnode = 1",
            "posthouse.toml, line 2: cluster.node is given, but [cluster] is not available in this \
             version: one node runs alone",
        ),
        (
            "listen.imaps = [\"0.0.0.0:993\"]\nlimits.imap_idle_timeout = \"29m\"",
            "posthouse.toml, line 2: limits.imap_idle_timeout is \"29m\", but must be at least \"30m\" \
             (RFC 9051 §5.4)",
        ),
        (
            "listen.imaps = [\"0.0.0.0:993\"]\nlimits.pop3_idle_timeout = \"599s\"",
            "posthouse.toml, line 2: limits.pop3_idle_timeout is \"599s\", but must be at least \"10m\" \
             (RFC 1939 §3)",
        ),
    ] {
        check(text, &[], sentence);
    }
}

#[test]
fn variables_override_the_file() {
    let config = parse(
        "hostname = \"a.example\"\n[listen]\nimap = [\"127.0.0.1:1\"]",
        &[
            ("POSTHOUSE_HOSTNAME", "b.example"),
            ("POSTHOUSE_LISTEN__IMAP", "127.0.0.1:143, unix:/run/imap"),
            ("POSTHOUSE_LIMITS__SESSIONS_PER_ACCOUNT", "7"),
            ("POSTHOUSE_LIMITS__LOGOUT_TIMEOUT", "2s"),
            ("POSTHOUSE_AUTH__THROTTLE", "false"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(config.hostname.as_str(), "b.example");
    let imap = [
        Endpoint::Tcp("127.0.0.1:143".parse().unwrap()),
        Endpoint::Unix(PathBuf::from("/run/imap")),
    ];
    assert_eq!(config.listen.imap, imap);
    assert_eq!(config.limits.sessions_per_account, 7);
    assert_eq!(config.limits.logout_timeout, Duration::from_secs(2));
    assert!(!config.auth.throttle);

    let emptied =
        parse(&format!("{FINE}listen.imap = [\"127.0.0.1:1\"]"), &[("POSTHOUSE_LISTEN__IMAP", "")]);
    assert!(emptied.unwrap().listen.imap.is_empty());
}

#[test]
fn variables_of_commands_and_tests_are_no_settings() {
    let variables = [
        ("POSTHOUSE_USER", "a"),
        ("POSTHOUSE_PASSWORD", "b"),
        ("POSTHOUSE_TOKEN", "c"),
        ("POSTHOUSE_TEST_POSTGRESQL", "d"),
    ];
    assert!(parse(FINE, &variables).is_ok());
}

#[test]
fn wrong_variables() {
    for (name, value, sentence) in [
        (
            "POSTHOUSE_LIMITS__MESSAGE_SIZE",
            "huge",
            "environment variable POSTHOUSE_LIMITS__MESSAGE_SIZE: limits.message_size is \"huge\", but \
             must be a size above zero with its unit, such as \"50MiB\" (units: B, KiB, MiB, GiB, TiB)",
        ),
        (
            "POSTHOUSE_AUTH__THROTLE",
            "true",
            "environment variable POSTHOUSE_AUTH__THROTLE: auth.throtle is not a setting; those in \
             [auth] are throttle, plaintext_on_loopback",
        ),
        (
            "POSTHOUSE_LIMITS__TRUSTED_NETWORKS",
            "::1,here",
            "environment variable POSTHOUSE_LIMITS__TRUSTED_NETWORKS: limits.trusted_networks has \
             \"here\", but each element must be a network such as \"192.0.2.0/24\" or \
             \"2001:db8::/32\", without bits set behind the prefix, or one address",
        ),
        (
            "POSTHOUSE_STORAGE__URL",
            "postgresql://posthouse:pencil75@db/mail",
            "environment variable POSTHOUSE_STORAGE__URL: storage.url is given, but it belongs to the \
             engine \"postgresql\", and storage.engine is \"embedded\"",
        ),
        (
            "POSTHOUSE_STORAGE__BLOBS__ENDPOINT",
            "s3.example.net",
            "environment variable POSTHOUSE_STORAGE__BLOBS__ENDPOINT: storage.blobs.endpoint is \
             \"s3.example.net\", but must be \"https://\" or \"http://\", a host and perhaps a port, \
             such as \"https://s3.example.net:9000\"",
        ),
        (
            "POSTHOUSE_CLUSTER__NODE",
            "1",
            "environment variable POSTHOUSE_CLUSTER__NODE: cluster.node is given, but [cluster] is not \
             available in this version: one node runs alone",
        ),
    ] {
        check(FINE, &[(name, value)], sentence);
    }
}

#[test]
fn what_was_printed_reads_back_the_same() {
    for text in [
        FINE,
        "data_dir = 'C:\\back\"slash'\nhostname = \"x\"\n[listen]\nlmtp = [\"unix:/run/l\"]\n\
         apis = [\"[::]:0\", \"[::]:0\"]\n[tls]\ncertificate = \"a\"\nkey = \"b\"\n[limits]\n\
         message_size = \"1537B\"\ntrusted_networks = [\"10.0.0.0/8\", \"::1\"]\n[cluster]\n\
         [storage.blobs]\n",
    ] {
        let config = parse(text, &[]).unwrap();
        let printed = config.to_toml();
        let again = parse(&printed, &[]).unwrap_or_else(|error| panic!("{error}\n{printed}"));
        assert_eq!(again.to_toml(), printed);
        assert_eq!(format!("{again:?}"), format!("{config:?}"));
    }
}

#[test]
fn what_is_printed_explains_itself() {
    let printed = parse(FINE, &[]).unwrap().to_toml();
    let expected =
        "\n[limits]\n\n# Live sessions of one account, over all protocols and addresses.";
    assert!(printed.contains(expected), "{printed}");
    assert!(printed.contains("\nimaps = [\"0.0.0.0:993\"]\n"), "{printed}");
    assert!(printed.contains("\n# certificate is not set\n"), "{printed}");
}

#[test]
fn a_file_that_cannot_be_read() {
    let error = Config::load(Path::new("/nonexistent/posthouse.toml")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/nonexistent/posthouse.toml: cannot be read: No such file or directory (os error 2)"
    );
}
