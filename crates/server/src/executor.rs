//! The threads that serve mail, apart from those that administer it.
//!
//! The API, the metrics, signals, what ends sessions and what stops the server run on the runtime that
//! [`Server::start`](crate::assemble::Server::start) is called on; mail clients are served on this one. So
//! whatever keeps every thread of mail busy, `logout_user` is carried out and answered in time: with
//! success if the sessions are over, else with the failure that says so.

use std::io;
use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime of mail. Stops when it is dropped, without waiting for what it runs.
#[derive(Debug)]
pub(crate) struct MailExecutor {
    /// Only taken by `drop`.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl MailExecutor {
    /// Starts a thread for each processor.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().thread_name("mail").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where to spawn what serves mail.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for MailExecutor {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed here: this is dropped by a task of the other runtime.
            runtime.shutdown_background();
        }
    }
}
