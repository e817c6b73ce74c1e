//! Whose rights the operator's requests have: from a file that nobody else can read, or from the
//! environment; never from the command line, which every process on the machine can see.

use crate::failure::Failure;
use std::env;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use terms::Secret;

const USER: &str = "POSTHOUSE_USER";
const PASSWORD: &str = "POSTHOUSE_PASSWORD";
const TOKEN: &str = "POSTHOUSE_TOKEN";

/// The longest file that is read, in bytes.
const LONGEST_FILE: u64 = 64 * 1024;

/// Whose rights the requests have.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) proof: Proof,
}

/// How they are proved.
#[derive(Debug)]
pub(super) enum Proof {
    Password(Secret),
    Token(Secret),
}

impl Credentials {
    /// From the file if there is one, else from the environment.
    pub(super) fn find(file: Option<&Path>) -> Result<Self, Failure> {
        match file {
            Some(path) => Self::read(path)
                .map_err(|why| Failure::Other(format!("credentials {}: {why}", path.display()))),
            None => Self::of_environment(),
        }
    }

    fn of_environment() -> Result<Self, Failure> {
        let get = |name: &str| env::var(name).ok().filter(|text| !text.is_empty());
        let proof = match (get(PASSWORD), get(TOKEN)) {
            (Some(password), None) => Some(Proof::Password(Secret::new(password))),
            (None, Some(token)) => Some(Proof::Token(Secret::new(token))),
            _ => None,
        };
        match (get(USER), proof) {
            (Some(user), Some(proof)) => Ok(Self { user, proof }),
            _ => Err(Failure::Other(format!(
                "no credentials: give --credentials FILE, or set {USER} and either {PASSWORD} or {TOKEN}"
            ))),
        }
    }

    fn read(path: &Path) -> Result<Self, String> {
        let mut file = File::open(path).map_err(|error| error.to_string())?;
        // Of the opened file, so that it cannot be exchanged in between.
        let mode = file.metadata().map_err(|error| error.to_string())?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!(
                "others may read it (mode {:o}): chmod 600 it, and change the password",
                mode & 0o777
            ));
        }
        let mut text = String::new();
        file.by_ref()
            .take(LONGEST_FILE)
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        // What the parser says may quote the secret.
        let table: toml::Table = text.parse().map_err(|_| "is not TOML".to_owned())?;
        let unknown = |name: &&String| !["user", "password", "token"].contains(&name.as_str());
        if let Some(name) = table.keys().find(unknown) {
            return Err(format!("unknown key {name:?}: known are user, password, token"));
        }
        let get = |name: &str| match table.get(name) {
            None => Ok(None),
            Some(toml::Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} must be a text")),
        };
        let proof = match (get("password")?, get("token")?) {
            (Some(password), None) => Proof::Password(Secret::new(password)),
            (None, Some(token)) => Proof::Token(Secret::new(token)),
            _ => return Err("must have either password or token".to_owned()),
        };
        let user = get("user")?.ok_or("user is missing")?;
        Ok(Self { user, proof })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files() {
        for (text, shown) in [
            ("user = \"a@b.example\"\npassword = \"x\"", Ok("a@b.example")),
            ("token = 'x'\nuser = 'a@b.example'", Ok("a@b.example")),
            ("user = 'a@b.example'", Err("must have either password or token")),
            ("user = 'a'\ntoken = 'x'\npassword = 'y'", Err("must have either password or token")),
            ("password = 'x'", Err("user is missing")),
            ("user = 7\npassword = 'x'", Err("user must be a text")),
            ("user = ''\npassword = 'x'", Err("user must be a text")),
            ("pasword = 'hush'", Err("unknown key \"pasword\": known are user, password, token")),
            ("hush", Err("is not TOML")),
        ] {
            let parsed = Credentials::parse(text);
            let parsed = parsed.as_ref().map(|it| it.user.as_str()).map_err(String::as_str);
            assert_eq!(parsed, shown, "{text}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials");
        fs::write(&path, "user = 'a'\npassword = 'x'").unwrap();
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let read = Credentials::read(&path);
            assert_eq!(read.is_ok(), fine, "{mode:o} {:?}", read.err());
        }
    }
}
