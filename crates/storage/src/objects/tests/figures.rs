//! How fast objects are kept. Says figures instead of checking anything:
//! `cargo test --package storage figures -- --ignored --nocapture`.

use super::{Body, Objects, check, letter};
use futures::{StreamExt, stream};
use std::time::Instant;

/// A message.
const SIZE: usize = 10 * 1024;

async fn rate<F: Future>(count: u64, at_a_time: usize, work: impl Fn(u64) -> F) -> f64 {
    let started = Instant::now();
    stream::iter(0..count).map(work).buffer_unordered(at_a_time).for_each(async |_| ()).await;
    count as f64 / started.elapsed().as_secs_f64()
}

async fn say(objects: &Objects) {
    eprintln!("{}", objects.name());
    eprintln!("| At a time | put/s | read/s | delete/s |\n| ---: | ---: | ---: | ---: |");
    let body = Body::Memory(letter(SIZE).into());
    for (at_a_time, count) in [(1, 300), (8, 1500), (32, 3000)] {
        let put = rate(count, at_a_time, async |number| {
            objects.put(number, body.clone()).await.unwrap();
        });
        let put = put.await;
        let read = rate(count, at_a_time, async |number| {
            objects.read(number, 0..SIZE as u64).await.unwrap();
        });
        let read = read.await;
        let delete = rate(count, at_a_time, async |number| {
            objects.delete(&[number]).await.unwrap();
        });
        let delete = delete.await;
        eprintln!("| {at_a_time} | {put:.0} | {read:.0} | {delete:.0} |");
    }
    let large = letter(50 << 20);
    let started = Instant::now();
    let mut writer = objects.writer(None);
    for piece in large.chunks(64 * 1024) {
        writer.write(piece).await.unwrap();
    }
    let stored = writer.finish(0).await.unwrap();
    let written = started.elapsed();
    objects.verify(&stored).await.unwrap();
    let read = started.elapsed() - written;
    eprintln!(
        "50 MiB: written in {} ms, verified in {} ms\n",
        written.as_millis(),
        read.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "says figures"]
async fn figures() {
    check(async |_, objects| say(&objects).await).await;
}
