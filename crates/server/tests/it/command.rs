//! The commands: exit codes, sentences, the line `ready`, signals and systemd.

use crate::program::{Running, http, run, told};
use rustix::process::Signal;
use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A configuration file in a folder of its own.
fn configured(text: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("posthouse.toml");
    let data_dir = dir.path().join("data");
    std::fs::write(&path, format!("data_dir = {data_dir:?}\nhostname = \"mail.example\"\n{text}"))
        .unwrap();
    (dir, path)
}

/// Runs `command --config` and checks how it ends: exit code and the sentence on stderr.
fn check(command: &str, config: &Path, code: i32, sentence: &str) {
    let output = run(&[command, "--config", config.to_str().unwrap()], "");
    let (found, _, stderr) = told(&output);
    assert_eq!((found, stderr.as_str()), (Some(code), format!("posthouse: {sentence}\n").as_str()));
}

#[test]
fn a_wrong_configuration_is_78_and_touches_nothing() {
    let (dir, config) = configured("[listen]\nimap = [\"127.0.0.1:0\"]\n[limits]\nsesions = 3\n");
    let output = run(&["serve", "--config", config.to_str().unwrap()], "");
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stdout.as_str()), (Some(78), ""));
    let begin =
        format!("posthouse: {}, line 6: limits.sesions is not a setting; ", config.display());
    assert!(stderr.starts_with(&begin), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
    assert!(!dir.path().join("data").exists());

    let missing = dir.path().join("none.toml");
    let sentence =
        format!("{}: cannot be read: No such file or directory (os error 2)", missing.display());
    check("serve", &missing, 78, &sentence);
}

#[test]
fn an_unusable_certificate_is_78_and_touches_nothing() {
    let (dir, config) = configured(
        "[listen]\nimaps = [\"127.0.0.1:0\"]\n[tls]\ncertificate = \"/none/c\"\nkey = \"/none/k\"\n",
    );
    let sentence =
        "tls.certificate: /none/c cannot be read: No such file or directory (os error 2)";
    check("serve", &config, 78, sentence);
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_taken_port_is_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (_dir, config) = configured(&format!("[listen]\napi = [\"{address}\"]\n"));
    let output = run(&["serve", "--config", config.to_str().unwrap()], "");
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let sentence = format!("posthouse: cannot listen on {address}: already in use; ");
    assert!(stderr.lines().last().unwrap().starts_with(&sentence), "{stderr}");
}

#[test]
fn the_effective_configuration_is_printed() {
    let (dir, config) = configured("[listen]\nimap = [\"127.0.0.1:143\"]\n");
    let mut command =
        crate::program::program(&["serve", "--print-config", "--config", config.to_str().unwrap()]);
    command.env("POSTHOUSE_LISTEN__IMAP", "127.0.0.1:1143");
    let (code, printed, stderr) = told(&command.output().unwrap());
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(printed.contains("\nimap = [\"127.0.0.1:1143\"]\n"), "{printed}");
    assert!(!dir.path().join("data").exists());
    // What was printed can be used.
    std::fs::write(&config, &printed).unwrap();
    let again = run(&["serve", "--print-config", "--config", config.to_str().unwrap()], "");
    assert_eq!(told(&again).1, printed);
}

#[test]
fn from_bootstrap_to_the_stop() {
    let (dir, config) = configured(
        "[listen]\nimap = [\"127.0.0.1:0\"]\napi = [\"127.0.0.1:0\"]\nmetrics = [\"127.0.0.1:0\"]\n",
    );
    let path = config.to_str().unwrap();
    let bootstrap = ["bootstrap", "--config", path, "--company", "Acme", "--admin", "ops@acme.adm"];

    let (code, stdout, stderr) = told(&run(&bootstrap, "correct-horse-7-Battery\n"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(stdout, "made ops@acme.adm the administrator of the company \"Acme\"\n");
    let (code, _, stderr) = told(&run(&bootstrap, "correct-horse-7-Battery\n"));
    assert_eq!(code, Some(1));
    let sentence = "posthouse: cannot make ops@acme.adm the administrator: the address ops@acme.adm is \
                    in use already\n";
    assert_eq!(stderr, sentence);
    let (code, stdout, _) = told(&run(&["check", "--config", path], ""));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("data is whole\n"), "{stdout}");

    let notified = dir.path().join("notify");
    let systemd = UnixDatagram::bind(&notified).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let server = Running::start(&config, |command| {
        command.env("NOTIFY_SOCKET", &notified);
    });
    assert!(server.ready.starts_with("ready imap=127.0.0.1:"), "{}", server.ready);
    let hear = || {
        let mut buffer = [0; 1024];
        let length = systemd.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    assert!(hear().starts_with("READY=1\n"));

    let metrics = server.address("metrics");
    assert!(http(metrics, "GET", "/healthz", "").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(http(metrics, "GET", "/readyz", "").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(http(metrics, "GET", "/metrics", "").ends_with("# EOF\n"));
    let body = |password: &str| {
        format!("{{\"credentials\":{{\"user\":\"ops@acme.adm\",\"password\":\"{password}\"}}}}")
    };
    let right = body("correct-horse-7-Battery");
    let answer = http(server.address("api"), "POST", "/api/authenticate", &right);
    assert!(answer.contains("\r\nContent-Type: application/json\r\n"), "{answer}");
    assert!(answer.contains("\r\n\r\n{\"success\":true,"), "{answer}");
    let answer = http(server.address("api"), "POST", "/api/authenticate", &body("wrong"));
    assert!(answer.contains("\r\n\r\n{\"success\":false,"), "{answer}");
    assert!(
        http(server.address("api"), "GET", "/api/get_user", "").contains("\r\nAllow: POST\r\n")
    );

    // While it runs, nobody else has the store.
    let (code, _, stderr) = told(&run(&bootstrap, ""));
    assert_eq!(code, Some(1));
    assert!(
        stderr.ends_with("already in use by another process: stop the running server first\n"),
        "{stderr}"
    );
    let (code, stdout, _) = told(&run(&["check", "--config", path], ""));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("is in use by a running server\n"), "{stdout}");

    server.signal(Signal::HUP);
    assert!(hear().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    assert!(hear().starts_with("READY=1"));
    server.signal(Signal::TERM);
    assert!(hear().starts_with("STOPPING=1"));
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_password_is_made_and_shown_once() {
    let (_dir, config) = configured("[listen]\napi = [\"127.0.0.1:0\"]\n");
    let path = config.to_str().unwrap();
    let bootstrap = ["bootstrap", "--config", path, "--company", "Acme", "--admin", "ops@acme.adm"];
    let (code, stdout, stderr) = told(&run(&bootstrap, ""));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let password = stdout
        .lines()
        .nth(1)
        .and_then(|line| line.strip_prefix("password: ")?.strip_suffix(" (not shown again)"))
        .unwrap_or_else(|| panic!("{stdout}"));
    let server = Running::start(&config, |_| {});
    let body =
        format!("{{\"credentials\":{{\"user\":\"ops@acme.adm\",\"password\":\"{password}\"}}}}");
    let answer = http(server.address("api"), "POST", "/api/authenticate", &body);
    assert!(answer.contains("{\"success\":true,"), "{answer}");
}

#[test]
fn what_does_not_check_is_1() {
    let (dir, config) =
        configured("[listen]\nimap = [\"127.0.0.1:0\"]\nlmtp = [\"unix:/none/lmtp\"]\n");
    let (code, stdout, stderr) = told(&run(&["check", "--config", config.to_str().unwrap()], ""));
    assert_eq!((code, stderr.as_str()), (Some(1), "posthouse: 1 check failed\n"));
    assert_eq!(stdout.lines().count(), 5, "{stdout}");
    assert!(!dir.path().join("data").exists());
    std::fs::write(&config, "listen = 3").unwrap();
    let (code, stdout, _) = told(&run(&["check", "--config", config.to_str().unwrap()], ""));
    assert_eq!(code, Some(1));
    assert!(stdout.starts_with("failed  configuration: "), "{stdout}");
}
