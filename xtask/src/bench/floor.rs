//! The limit: a server that does nothing but say one line to each connection, and close.

use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A server that closes everything when asked.
pub(super) struct Floor {
    pub(super) port: u16,
    control: u16,
    _accepting: [tokio::task::JoinHandle<()>; 2],
}

impl Floor {
    /// Starts it, in this process.
    pub(super) async fn start() -> io::Result<Self> {
        let sessions = TcpListener::bind("127.0.0.1:0").await?;
        let orders = TcpListener::bind("127.0.0.1:0").await?;
        let (port, control) = (sessions.local_addr()?.port(), orders.local_addr()?.port());
        let (end, _) = watch::channel(0u64);
        let ender = end.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = sessions.accept().await {
                tokio::spawn(session(socket, end.subscribe()));
            }
        });
        let ordering = tokio::spawn(async move {
            while let Ok((mut socket, _)) = orders.accept().await {
                let mut request = [0; 64];
                let _ = socket.read(&mut request).await;
                ender.send_modify(|count| *count += 1);
                let _ = socket.write_all(b"done").await;
            }
        });
        Ok(Self { port, control, _accepting: [accepting, ordering] })
    }

    /// Asks it to close everything; answers when it says that it began to.
    pub(super) async fn end(&self) -> io::Result<()> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.control)).await?;
        socket.write_all(b"end").await?;
        socket.read_to_end(&mut Vec::new()).await.map(drop)
    }
}

async fn session(mut socket: TcpStream, mut end: watch::Receiver<u64>) {
    let _ = socket.write_all(b"* OK\r\n").await;
    let _ = end.changed().await;
    let _ = socket.write_all(b"* BYE\r\n").await;
}
