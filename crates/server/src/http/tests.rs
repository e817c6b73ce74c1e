//! Requests as bytes over real sockets: what is answered, and what is not put up with.

use super::*;
use futures::FutureExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers with what it was asked; `/slow` after a while, `/panic` never.
#[derive(Default)]
struct Echo {
    done: AtomicUsize,
}

impl Site for Echo {
    async fn answer(&self, request: Request) -> Answer {
        match request.path.as_str() {
            "/slow" => tokio::time::sleep(Duration::from_millis(100)).await,
            "/panic" => panic!("on request"),
            "/large" => {
                let body = vec![b'x'; 32 << 20].into();
                return Answer { status: StatusCode::OK, content_type: "text/plain", body };
            }
            "/verb" => return self.refuse(StatusCode::METHOD_NOT_ALLOWED),
            _ => {}
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        let Request { method, path, body, .. } = request;
        let body = format!("{method} {path} {}", body.len()).into();
        Answer { status: StatusCode::OK, content_type: "application/json", body }
    }

    fn refuse(&self, status: StatusCode) -> Answer {
        let body = format!("refused {}", status.as_u16()).into();
        Answer { status, content_type: "application/json", body }
    }
}

struct Running {
    client: TcpStream,
    site: Arc<Echo>,
    stop: Shutdown,
    served: tokio::task::JoinHandle<()>,
}

/// A connection to a server with small limits.
async fn connect() -> Running {
    connect_to(http("1000B")).await
}

/// With small limits.
fn http(body_size: &str) -> Http {
    let text = format!(
        "listen.api = [\"127.0.0.1:0\"]\n[limits]\nhttp_header_size = \"8KiB\"\n\
         http_body_size = \"{body_size}\"\nhttp_header_timeout = \"300ms\"\n\
         http_body_timeout = \"300ms\"\nsend_timeout = \"300ms\"\n"
    );
    let config = crate::config::Config::parse("posthouse.toml", &text, []).unwrap();
    Http::new(&config.limits, Metrics::new())
}

async fn connect_to(http: Http) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let site = Arc::new(Echo::default());
    let stop = Shutdown::default();
    let served = tokio::spawn({
        let (site, stop) = (Arc::clone(&site), stop.clone());
        async move { http.serve(stream, Entrance::Api, peer.ip(), site, &stop).await }
    });
    Running { client, site, stop, served }
}

/// Everything until the server closes.
async fn rest(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset counts as closed.
    let _ = client.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

/// As much as is there when this has been said.
async fn until(client: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = client.read_u8().await.unwrap_or_else(|_| panic!("closed after {text:?}"));
        text.push(byte.into());
    }
    text
}

/// Sends a request, and checks how the answer begins and ends when the server has closed.
async fn check(request: &str, status: &str, body: &str) {
    let Running { mut client, stop: _stop, .. } = connect().await;
    client.write_all(request.as_bytes()).await.unwrap();
    let answer = rest(&mut client).await;
    let asked: String = request.chars().take(60).collect();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{asked:?}: {answer}");
    assert!(answer.ends_with(body), "{asked:?}: {answer}");
}

#[tokio::test]
async fn connections_are_kept_and_headers_are_in_title_case() {
    let Running { mut client, stop: _stop, .. } = connect().await;
    for body in ["", "{}"] {
        let request = format!(
            "POST /api/x?y HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = until(&mut client, &format!("POST /api/x {}", body.len())).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        for header in
            ["\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 13\r\n", "\r\nDate: "]
        {
            assert!(answer.contains(header), "{answer}");
        }
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_turn() {
    let Running { mut client, stop: _stop, .. } = connect().await;
    let one = |path| format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1");
    client.write_all(format!("{}{}", one("/slow"), one("/b")).as_bytes()).await.unwrap();
    until(&mut client, "POST /slow 1").await;
    until(&mut client, "POST /b 1").await;
}

#[tokio::test]
async fn chunked_bodies_are_put_together() {
    let request = "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    check(request, "200 OK", "POST /a 5").await;
}

#[tokio::test]
async fn who_waits_to_be_told_is_told_to_go_on() {
    let Running { mut client, stop: _stop, .. } = connect().await;
    let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(until(&mut client, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"{}").await.unwrap();
    until(&mut client, "POST /a 2").await;
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let refused = "refused 413";
    // Large enough that it does not fit into the sockets' buffers.
    let body = "0".repeat(20 << 20);
    let announced =
        format!("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    check(&announced, "413 Payload Too Large", refused).await;
    let fits = format!(
        "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n{}",
        &body[..1000]
    );
    check(&fits, "200 OK", "POST /a 1000").await;
    // Nobody is told to go on with a body that is too large.
    let expecting =
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n";
    check(expecting, "413 Payload Too Large", refused).await;
    let chunk = "0".repeat(0x3e9);
    let chunked = format!(
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{chunk}\r\n0\r\n\r\n"
    );
    check(&chunked, "413 Payload Too Large", refused).await;
    let header = format!("POST /a HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(9000));
    check(&header, "431 Request Header Fields Too Large", "\r\n\r\n").await;
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    check("a1 LOGIN joe pencil75\r\n\r\n", "400 Bad Request", "\r\n\r\n").await;
    let two = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy";
    check(two, "400 Bad Request", "\r\n\r\n").await;
}

/// RFC 9112 §3.2.
#[tokio::test]
async fn a_request_names_its_host_once() {
    let end = "\r\nConnection: close\r\n\r\n";
    check(&format!("POST /a HTTP/1.1{end}"), "400 Bad Request", "refused 400").await;
    let two = format!("POST /a HTTP/1.1\r\nHost: a\r\nHost: b{end}");
    check(&two, "400 Bad Request", "refused 400").await;
    check(&format!("POST /a HTTP/1.1\r\nHost:{end}"), "200 OK", "POST /a 0").await;
    let Running { mut client, stop: _stop, .. } = connect().await;
    client.write_all(b"POST /a HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut client).await.starts_with("HTTP/1.0 200 OK"));
}

#[tokio::test]
async fn the_wrong_verb_is_told_the_right_one() {
    let Running { mut client, stop: _stop, .. } = connect().await;
    client.write_all(b"GET /verb HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = until(&mut client, "refused 405").await;
    assert!(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{answer}");
    assert!(answer.contains("\r\nAllow: POST\r\n"), "{answer}");
}

#[tokio::test]
async fn slow_requests_are_not_waited_for() {
    let started = Instant::now();
    // Nothing at all, and a header that never ends.
    for sent in ["", "POST /a HTTP/1.1\r\nHost: a\r\n"] {
        let Running { mut client, stop: _stop, served, .. } = connect().await;
        client.write_all(sent.as_bytes()).await.unwrap();
        served.await.unwrap();
        assert!(!rest(&mut client).await.contains("200 OK"));
    }
    let stuck = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab";
    check(stuck, "408 Request Timeout", "refused 408").await;
    // And a client that takes nothing of its answer.
    let Running { mut client, stop: _stop, served, .. } = connect().await;
    client.write_all(b"POST /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    served.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_bug_in_the_site_is_an_answer() {
    let request = "POST /panic HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    check(request, "500 Internal Server Error", "refused 500").await;
}

#[tokio::test]
async fn what_was_asked_is_done_though_the_client_hangs_up() {
    let Running { mut client, site, stop, served } = connect().await;
    client.write_all(b"POST /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    drop(client);
    served.await.unwrap();
    // As the server does before it ends.
    stop.begin();
    stop.released().await;
    assert_eq!(site.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn stopping_lets_the_last_answer_out() {
    let Running { mut client, stop, served, .. } = connect().await;
    client.write_all(b"POST /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    stop.begin();
    assert!(stop.released().now_or_never().is_none(), "the server waits");
    let answer = rest(&mut client).await;
    assert!(answer.ends_with("POST /slow 0"), "{answer}");
    served.await.unwrap();
    assert!(stop.released().now_or_never().is_some(), "the server may end");
    // A connection on which nothing was asked is closed at once.
    let Running { mut client, stop, served, .. } = connect().await;
    stop.begin();
    served.await.unwrap();
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn large_bodies_wait_for_room_and_small_ones_do_not() {
    for (length, rooms, expected) in
        [(100_000, 1, "HTTP/1.1 200"), (100_000, 0, "HTTP/1.1 408"), (10_000, 0, "HTTP/1.1 200")]
    {
        let http = http("1MiB");
        http.large.forget_permits(LARGE_AT_ONCE - rooms);
        let mut running = connect_to(http).await;
        let head = format!(
            "POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        running.client.write_all(head.as_bytes()).await.unwrap();
        // The server may close before it has read everything.
        let _ = running.client.write_all(&vec![b'x'; length]).await;
        let answer = until(&mut running.client, "\r\n\r\n").await;
        assert!(answer.starts_with(expected), "{length} bytes, room for {rooms}: {answer}");
    }
}
