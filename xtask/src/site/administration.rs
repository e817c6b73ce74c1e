//! What an administrator asks of a server over its API.

use super::{ADMIN, ADMIN_PASSWORD, DOMAIN, PASSWORD, user_name};
use crate::Outcome;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The way to the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Administration {
    port: u16,
}

impl Administration {
    /// At this port.
    pub(super) fn new(port: u16) -> Self {
        Self { port }
    }

    /// Makes accounts `user{first}` to `user{first + count - 1}` with [`PASSWORD`].
    pub(super) async fn settle(&self, first: usize, count: usize) -> Outcome {
        let weak = r#""attributes":{"password_strength":"weak"}"#;
        self.call("change_domain", &format!(r#""domain":"{DOMAIN}",{weak}"#)).await?;
        for user in first..first + count {
            self.set_password(user, PASSWORD).await?;
        }
        Ok(())
    }

    /// Makes accounts like [`Self::settle`], but without passwords, which take long to hash.
    pub(crate) async fn make(&self, first: usize, count: usize) -> Outcome {
        for user in first..first + count {
            let fields = format!(r#""user":"{}","attributes":{{}}"#, user_name(user));
            self.call("change_user", &fields).await?;
        }
        Ok(())
    }

    /// Gives an account a password, or makes it with that.
    pub(crate) async fn set_password(&self, user: usize, password: &str) -> Outcome {
        let name = user_name(user);
        let fields = format!(r#""user":"{name}","attributes":{{"password":"{password}"}}"#);
        self.call("change_user", &fields).await
    }

    /// Ends all sessions of an account.
    pub(crate) async fn log_out(&self, user: usize) -> Outcome {
        self.call("logout_user", &format!(r#""user":"{}""#, user_name(user))).await
    }

    /// Deletes an account.
    pub(crate) async fn delete(&self, user: usize) -> Outcome {
        self.call("delete_user", &format!(r#""user":"{}""#, user_name(user))).await
    }

    /// Calls a method; its success, or what it said.
    async fn call(&self, method: &str, fields: &str) -> Outcome {
        let body = format!(
            r#"{{"credentials":{{"user":"{ADMIN}","password":"{ADMIN_PASSWORD}"}},{fields}}}"#
        );
        let request = format!(
            "POST /api/{method} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.exchange(&request).await.map_err(|error| format!("{method}: {error}"))?;
        if answer.contains("\"success\":true") {
            Ok(())
        } else {
            Err(format!("{method}: {answer}"))
        }
    }

    async fn exchange(&self, request: &str) -> std::io::Result<String> {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.port)).await?;
        tcp.set_nodelay(true)?;
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
