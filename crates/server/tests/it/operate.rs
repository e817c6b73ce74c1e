//! What an operator does from the shell, over the API of a running server.

use crate::client::Kind;
use crate::house::{ADMIN, House, OPS, PASSWORD};
use crate::program::{Running, program, run, told};
use serde_json::{Value, json};
use server::config::Entrance;
use std::fs::{Permissions, set_permissions, write};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const JOE: &str = "joe@a.example";
const JANE: &str = "jane@a.example";

/// The program's end: exit code, stdout, stderr.
type Told = (Option<i32>, String, String);

/// Runs a command line against the house, with somebody's rights from the environment.
async fn operate(house: &House, who: &str, line: &str, input: &'static str) -> Told {
    let url = format!("http://{}", house.address(Entrance::Api));
    let words: Vec<&str> = line.split(' ').chain(["--url", &url]).collect();
    let mut command = program(&words);
    command.env("POSTHOUSE_USER", who).env("POSTHOUSE_PASSWORD", PASSWORD);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let work = move || {
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        told(&child.wait_with_output().unwrap())
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// The same, where it has to succeed; what it printed.
async fn done(house: &House, line: &str) -> String {
    let (code, stdout, stderr) = operate(house, OPS, line, "").await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{line}");
    stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_seen_and_those_asked_for_are_ended() {
    let house = House::open().await;
    house.account(JANE).await;
    let mut joe = house.enter(Kind::Imaps, JOE).await;
    let mut pop = house.log_in(Kind::Pop3, JOE).await;
    let mut jane = house.enter(Kind::Imap, JANE).await;
    joe.ask("a ID (\"name\" \"Mail\u{1b}[2J\" \"version\" \"7\")").await.unwrap();

    let table = done(&house, &format!("sessions list --user {JOE}")).await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("ID ") && lines[1].contains(" imap      yes  127.0.0.1:"));
    assert!(lines[1].contains("INBOX") && lines[2].contains(" pop3      no   127.0.0.1:"));
    assert!(!table.contains('\u{1b}'), "a client's name moved the cursor");
    let list = done(&house, "sessions list --domain a.example --json").await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 3);
    let watched = done(&house, "sessions watch --domain a.example --rounds 2 --interval 1").await;
    assert_eq!(watched.matches("3 sessions\n").count(), 2);

    let ended = done(&house, &format!("sessions end --user {JOE} --protocol pop3")).await;
    assert_eq!(ended, "sessions found: 1, ended: 1\n");
    assert!(pop.at_once().end.is_some());
    assert!(joe.lives().await && jane.lives().await);
    let none = done(&house, &format!("sessions end --user {JOE} --network 192.0.2.0/24")).await;
    assert_eq!(none, "sessions found: 0, ended: 0\n");
    let id = list[0]["id"].as_str().unwrap();
    let ended = done(&house, &format!("sessions end {id} 1.1.1 --json")).await;
    let expected = json!({ "found": 1, "closed": 1, "logged_out": 0, "failures": [] });
    assert_eq!(serde_json::from_str::<Value>(&ended).unwrap(), expected);
    assert!(joe.at_once().end.is_some());
    assert!(jane.lives().await);
    let all = done(&house, "sessions end --domain a.example --all").await;
    assert_eq!(all, "users logged out: 1\n");
    assert!(jane.at_once().end.is_some());

    let line = format!("sessions end --user {JOE} --protocol smtp");
    let (code, stdout, stderr) = operate(&house, OPS, &line, "").await;
    assert_eq!((code, stdout.as_str()), (Some(1), "sessions found: 0, ended: 0\n"));
    let sentence = "posthouse: end_sessions joe@a.example: One or more attributes badly formatted; \
                    protocol must be one of: imap, pop3 (audit ";
    assert!(stderr.starts_with(sentence), "{stderr}");
    let (code, _, stderr) = operate(&house, JOE, "sessions list --domain a.example", "").await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("lacks permission"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_domains() {
    let house = House::open().await;
    assert_eq!(done(&house, "domain create b.example --set language=fr").await, "made b.example\n");
    let shown = done(&house, "domain show b.example").await;
    assert!(shown.lines().any(|line| line.starts_with("language") && line.ends_with("fr")));

    let line = format!("account create {ADMIN} --set name=Lee");
    let (code, stdout, _) = operate(&house, OPS, &line, "Correct-horse-7\n").await;
    assert_eq!((code, stdout), (Some(0), format!("made {ADMIN}\n")));
    assert!(house.admits(Kind::Imap, ADMIN, PASSWORD).await);
    let (code, _, stderr) = operate(&house, OPS, &line, "Correct-horse-7\n").await;
    assert!(code == Some(1) && stderr.contains("already exists"), "{stderr}");

    let mut joe = house.log_in(Kind::Imap, JOE).await;
    let changed = done(&house, &format!("account password {JOE}")).await;
    let made = changed.lines().nth(1).unwrap().strip_prefix("password: ").unwrap();
    let made = made.strip_suffix(" (not shown again)").unwrap();
    assert!(joe.at_once().end.is_some());
    assert!(house.admits(Kind::Imap, JOE, made).await);
    let (code, _, stderr) = operate(&house, OPS, "account password typo@a.example", "").await;
    assert!(code == Some(1) && stderr.contains("does not exist"), "{stderr}");

    let listed = done(&house, "account list a.example --match j*").await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    done(&house, "domain disable a.example").await;
    assert!(!house.admits(Kind::Imap, JOE, made).await);
    done(&house, "domain enable a.example").await;
    assert!(house.admits(Kind::Imap, JOE, made).await);
    done(&house, &format!("account delete {JOE}")).await;
    assert!(!house.admits(Kind::Imap, JOE, made).await);
    let (code, _, stderr) = operate(&house, OPS, "domain disable typo.example", "").await;
    assert!(code == Some(1) && stderr.contains("does not exist"), "{stderr}");
}

/// From a file that nobody else can read, over TLS.
#[test]
fn credentials_from_a_file_and_certificates() {
    let dir = tempfile::tempdir().unwrap();
    let (config, data_dir) = (dir.path().join("posthouse.toml"), dir.path().join("data"));
    let text = format!(
        "data_dir = {data_dir:?}\nhostname = \"localhost\"\n[listen]\napis = [\"127.0.0.1:0\"]\n"
    );
    write(&config, text).unwrap();
    let bootstrap =
        ["bootstrap", "--config", config.to_str().unwrap(), "--company", "Acme", "--admin", OPS];
    assert_eq!(told(&run(&bootstrap, PASSWORD)).0, Some(0));
    let server = Running::start(&config, |_| {});
    let url = format!("https://localhost:{}", server.address("apis").port());
    let file = dir.path().join("credentials");
    write(&file, format!("user = {OPS:?}\npassword = {PASSWORD:?}\n")).unwrap();
    let file = file.to_str().unwrap();
    let show = |more: &[&str]| {
        let line = ["account", "show", OPS, "--url", &url, "--credentials", file];
        told(&run(&[&line, more].concat(), ""))
    };
    set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    let (code, _, stderr) = show(&["--insecure"]);
    assert!(code == Some(1) && stderr.contains("others may read it (mode 644)"), "{stderr}");
    set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    let (code, _, stderr) = show(&[]);
    assert!(code == Some(1) && stderr.contains("TLS failed"), "{stderr}");
    let (code, stdout, _) = show(&["--insecure", "--json"]);
    assert_eq!(code, Some(0));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["type"], "mailbox");
    let ca = data_dir.join("self-signed-certificate.pem");
    assert_eq!(show(&["--ca", ca.to_str().unwrap()]).0, Some(0));
    let (code, _, stderr) = show(&["--ca", file]);
    assert!(code == Some(1) && stderr.contains("holds none"), "{stderr}");
    let away = ["sessions", "list", "--user", OPS, "--url", "https://192.0.2.1", "--insecure"];
    let (code, _, stderr) = told(&run(&away, ""));
    assert!(code == Some(1) && stderr.contains("this machine's own addresses"), "{stderr}");
    let nobody = ["sessions", "list", "--user", OPS];
    let (code, _, stderr) = told(&run(&nobody, ""));
    assert!(code == Some(1) && stderr.contains("no credentials: give --credentials FILE"));
}
