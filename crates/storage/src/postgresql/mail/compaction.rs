//! Removes the bytes of blobs that nothing refers to.
//!
//! A blob whose last entry was purged is in `dead_blob`. Its bytes stay for [`GRACE`], so that whoever holds it reads
//! it to its end, and so that no transaction is still on the way that refers to it.
//!
//! An *orphan* is an object that never got an entry: the message was refused after its bytes had come, or the
//! program ended in between. Once a day all objects are looked through, a page at a time. What has no row and a
//! number that was given more than a day ago joins `dead_blob`.

use crate::objects::Listed;
use crate::postgresql::{Postgresql, carried_out, fault::damaged, sql};
use crate::{Compacted, StorageError};
use terms::UnixTime;

/// Seconds that bytes stay after their last entry went. Far longer than any transaction.
const GRACE: i64 = 60 * 60;
/// Seconds between two sweeps, and that an object without entries stays before one.
const DAY: i64 = 24 * 60 * 60;
/// Blobs removed in one call.
const BLOBS_AT_ONCE: usize = 500;

/// A sweep under way.
#[derive(Clone, Copy, Debug)]
pub(in crate::postgresql) struct Sweep {
    /// Numbers below were given more than a day before it began.
    below: u64,
    /// The last object looked at.
    after: Option<u64>,
}

impl Postgresql {
    /// See [`crate::Storage::compact`].
    pub(crate) async fn compact(&self, budget: u64) -> Result<Compacted, StorageError> {
        let engine = self.clone();
        carried_out(async move {
            let mut done = engine.remove_dead(budget).await?;
            if !done.more {
                done.more = engine.sweep_on().await?;
            }
            Ok(done)
        })
        .await
    }

    /// Removes the bytes of blobs that died long enough ago.
    async fn remove_dead(&self, budget: u64) -> Result<Compacted, StorageError> {
        let client = self.client().await?;
        let since = (self.shared.tuning.clock)().0.saturating_sub(GRACE);
        let rows = sql::all(
            &client,
            "SELECT d.id, d.size, EXISTS (SELECT 1 FROM blob b WHERE b.id = d.id) FROM dead_blob d
             WHERE d.at <= $1 ORDER BY d.at LIMIT $2",
            &[&since, &sql::int(BLOBS_AT_ONCE as u64)],
        )
        .await?;
        drop(client);
        let (mut done, mut dead) = (Compacted::default(), Vec::new());
        let mut rows_done: Vec<i64> = Vec::new();
        for row in &rows {
            if done.bytes >= budget && done.blobs > 0 {
                break;
            }
            rows_done.push(sql::column(row, 0)?);
            // An orphan that got its first entry in the moment in which it was found is none.
            if !sql::column::<bool>(row, 2)? {
                dead.push(sql::unsigned(row, 0)?);
                done.blobs += 1;
                done.bytes += sql::unsigned(row, 1)?;
            }
        }
        if rows_done.is_empty() {
            return Ok(done);
        }
        done.more = rows_done.len() < rows.len() || rows.len() == BLOBS_AT_ONCE;
        self.shared.fresh.forget(&dead);
        self.shared.objects.delete(&dead).await?;
        // If this is not done, they are removed once more.
        let client = self.client().await?;
        sql::run(&client, "DELETE FROM dead_blob WHERE id = ANY ($1)", &[&rows_done]).await?;
        Ok(done)
    }

    /// Looks for orphans in the next page of objects, if it is time. Answers whether there may be more.
    async fn sweep_on(&self) -> Result<bool, StorageError> {
        // One at a time.
        let Ok(mut sweep) = self.shared.sweep.try_lock() else { return Ok(false) };
        let now = (self.shared.tuning.clock)();
        let under_way = match *sweep {
            Some(under_way) => Some(under_way),
            None => self.begin_sweep(now).await?,
        };
        let Some(Sweep { below, after }) = under_way else { return Ok(false) };
        let page = self.shared.objects.list(after).await?;
        let Some(last) = page.last().map(|last| last.number) else {
            self.note_sweep(now).await?;
            *sweep = None;
            return Ok(false);
        };
        self.give_up(page.iter().filter(|object| object.number < below), now).await?;
        *sweep = Some(Sweep { below, after: Some(last) });
        Ok(true)
    }

    /// None: the last one was less than a day ago.
    async fn begin_sweep(&self, now: UnixTime) -> Result<Option<Sweep>, StorageError> {
        let client = self.client().await?;
        let row = sql::one(&client, "SELECT sweep_below, sweep_noted FROM store", &[]).await?;
        drop(client);
        let row = row.ok_or_else(|| damaged("no row in store"))?;
        let (below, noted) = (sql::unsigned(&row, 0)?, sql::column::<i64>(&row, 1)?);
        if now.0.saturating_sub(noted) < DAY {
            return Ok(None);
        }
        if below == 0 {
            // Nothing is known to be old yet.
            self.note_sweep(now).await?;
            return Ok(None);
        }
        Ok(Some(Sweep { below, after: None }))
    }

    /// Notes which numbers were given by now: those are swept a day later.
    async fn note_sweep(&self, now: UnixTime) -> Result<(), StorageError> {
        let below = sql::int(self.next_number().await?);
        let client = self.client().await?;
        let sql = "UPDATE store SET sweep_below = $1, sweep_noted = $2";
        sql::run(&client, sql, &[&below, &now.0]).await?;
        Ok(())
    }

    /// Those of these objects that have no row are dead from now on.
    async fn give_up(
        &self,
        objects: impl Iterator<Item = &Listed>,
        now: UnixTime,
    ) -> Result<(), StorageError> {
        let (numbers, sizes): (Vec<i64>, Vec<i64>) =
            objects.map(|object| (sql::int(object.number), sql::int(object.size))).unzip();
        if numbers.is_empty() {
            return Ok(());
        }
        let client = self.client().await?;
        let found = sql::run(
            &client,
            "INSERT INTO dead_blob (id, size, at)
             SELECT o.id, o.size, $3::bigint FROM unnest($1::bigint[], $2::bigint[]) AS o (id, size)
             WHERE NOT EXISTS (SELECT 1 FROM blob b WHERE b.id = o.id)
             ON CONFLICT (id) DO NOTHING",
            &[&numbers, &sizes, &now.0],
        )
        .await?;
        if found > 0 {
            tracing::info!(blobs = found, "messages without entries are given up");
        }
        Ok(())
    }
}
