//! Where the services are that `cargo xtask test` starts for tests: PostgreSQL, and an S3 server.
//!
//! A plain `cargo test` passes over the tests that need them, and says so; start them with
//! `cargo xtask services` and set the variables that it prints.

use std::io::Write;

/// Set by `cargo xtask test`: what is not there is then a failure.
const REQUIRED: &str = "POSTHOUSE_TEST_REQUIRED";

/// The URL of a PostgreSQL database whose user may make others; none: pass the test over.
pub fn postgresql() -> Option<String> {
    variable("POSTHOUSE_TEST_POSTGRESQL")
}

/// A bucket of an S3 server, shared by all tests: use a prefix of your own.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The server's URL, without the bucket.
    pub endpoint: String,
    /// The bucket.
    pub name: String,
    /// Who may use it.
    pub access_key_id: String,
    /// Proof of that.
    pub secret_access_key: String,
}

/// The bucket; none: pass the test over.
pub fn s3() -> Option<Bucket> {
    let url = variable("POSTHOUSE_TEST_S3")?;
    let (endpoint, name) = url.rsplit_once('/')?;
    Some(Bucket {
        endpoint: endpoint.to_owned(),
        name: name.to_owned(),
        access_key_id: variable("POSTHOUSE_TEST_S3_ACCESS_KEY_ID")?,
        secret_access_key: variable("POSTHOUSE_TEST_S3_SECRET_ACCESS_KEY")?,
    })
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok();
    if value.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "{name} is not set");
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // Not by a macro: what those print is not shown of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "{test}: SKIPPED, {name} is not set (see `cargo xtask services`)"
        );
    }
    value
}
