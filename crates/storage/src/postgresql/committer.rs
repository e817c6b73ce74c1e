//! Deliveries, collected: while some are being carried out, those that come wait, and then go together in one
//! transaction and few statements. When nothing is going on, none waits.
//!
//! A batch's tasks live as long as something waits, so nothing here keeps the engine alive.

use super::Postgresql;
use super::fault::closed;
use super::mail::delivery::{self, Delivery, Outcome};
use super::transaction::Write;
use crate::{NewEntry, Recipient, StorageError};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Messages that may wait or be carried out.
const QUEUE_BOUND: u32 = 4096;
/// Messages in one batch.
const BATCH: usize = 32;
/// Deliveries in one batch, unless one message alone has more.
const DELIVERIES: usize = 512;

/// See the module's head.
#[derive(Debug)]
pub(super) struct Committer {
    slots: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// Batches at a time.
    most: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Message>,
    /// Tasks that take messages from the queue.
    carriers: usize,
}

/// A message with its recipients.
#[derive(Debug)]
struct Message {
    entry: Arc<NewEntry>,
    recipients: Vec<Recipient>,
    tell: oneshot::Sender<Result<Vec<Outcome>, StorageError>>,
    _slot: OwnedSemaphorePermit,
}

impl Committer {
    /// For a database with this many connections: half of them are left for others.
    pub(super) fn new(connections: usize) -> Self {
        let slots = Arc::new(Semaphore::new(QUEUE_BOUND as usize));
        Self { slots, waiting: Mutex::default(), most: (connections / 2).max(1) }
    }

    /// Has a message delivered, whether or not anybody waits for it.
    pub(super) async fn deliver(
        &self,
        engine: &Postgresql,
        entry: NewEntry,
        recipients: Vec<Recipient>,
    ) -> Result<Vec<Outcome>, StorageError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|_| closed())?;
        let (tell, told) = oneshot::channel();
        let message = Message { entry: Arc::new(entry), recipients, tell, _slot: slot };
        let is_another_needed = {
            let mut waiting = self.waiting.lock();
            waiting.messages.push_back(message);
            let needed = waiting.carriers < self.most;
            waiting.carriers += usize::from(needed);
            needed
        };
        if is_another_needed {
            tokio::spawn(carry(engine.clone()));
        }
        told.await.map_err(|_| StorageError::Unavailable("internal fault".to_owned()))?
    }

    /// What a batch takes; empty: the task that asks ends.
    fn take(&self) -> Vec<Message> {
        let mut waiting = self.waiting.lock();
        let (mut batch, mut deliveries) = (Vec::new(), 0);
        while batch.len() < BATCH
            && let Some(next) = waiting.messages.front()
            && (batch.is_empty() || deliveries + next.recipients.len() <= DELIVERIES)
        {
            deliveries += next.recipients.len();
            batch.extend(waiting.messages.pop_front());
        }
        waiting.carriers -= usize::from(batch.is_empty());
        batch
    }

    /// Carries out what waits, and takes nothing more.
    pub(super) async fn close(&self) {
        let _ = self.slots.acquire_many(QUEUE_BOUND).await;
        self.slots.close();
    }
}

/// Carries out batches until nothing waits.
async fn carry(engine: Postgresql) {
    loop {
        let batch = engine.committer().take();
        if batch.is_empty() {
            return;
        }
        // In a task of its own: whatever befalls it, this one goes on.
        let _ = tokio::spawn(carry_out(engine.clone(), batch)).await;
    }
}

async fn carry_out(engine: Postgresql, batch: Vec<Message>) {
    let mut deliveries = Vec::new();
    for message in &batch {
        deliveries.extend(message.recipients.iter().map(|recipient| Delivery {
            entry: Arc::clone(&message.entry),
            recipient: recipient.clone(),
        }));
    }
    let mut outcomes = match attempt(&engine, &deliveries).await {
        Ok(outcomes) => Ok(outcomes.into_iter()),
        Err(Failed::Whole(error)) => Err(error),
        Err(Failed::BecauseOfOne(_)) => {
            let mut outcomes = Vec::with_capacity(deliveries.len());
            for delivery in &deliveries {
                outcomes.push(alone(&engine, delivery).await);
            }
            Ok(outcomes.into_iter())
        }
    };
    for message in batch {
        let answer = match &mut outcomes {
            Ok(outcomes) => Ok(outcomes.take(message.recipients.len()).collect()),
            Err(error) => Err(error.clone()),
        };
        // Whoever asked may have gone; what was done stays done.
        let _ = message.tell.send(answer);
    }
}

/// Why a batch was not carried out.
enum Failed {
    /// Nobody is spared, or nobody knows.
    Whole(StorageError),
    /// What is stored for one of them is damaged, perhaps; nothing of the batch has happened.
    BecauseOfOne(StorageError),
}

async fn alone(engine: &Postgresql, delivery: &Delivery) -> Outcome {
    match attempt(engine, std::slice::from_ref(delivery)).await {
        Ok(mut outcomes) => outcomes.pop().unwrap_or_else(|| Err(closed())),
        Err(Failed::Whole(error) | Failed::BecauseOfOne(error)) => Err(error),
    }
}

async fn attempt(engine: &Postgresql, deliveries: &[Delivery]) -> Result<Vec<Outcome>, Failed> {
    let mut client = engine.client().await.map_err(Failed::Whole)?;
    let begun = Write::begin(&mut client, engine.feed()).await;
    let mut write = begun.map_err(Failed::Whole)?;
    let outcomes = delivery::deliver(&mut write, engine.fresh(), deliveries).await;
    let outcomes = outcomes.map_err(|error| match error {
        StorageError::Unavailable(_) | StorageError::Full => Failed::Whole(error),
        error => Failed::BecauseOfOne(error),
    })?;
    write.commit().await.map_err(Failed::Whole)?;
    Ok(outcomes)
}
