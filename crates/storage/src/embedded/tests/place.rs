//! A store of this engine to try things on, and what is inside it.

pub(crate) use crate::conformance::place::*;

use crate::Storage;
use crate::embedded::Embedded;
use crate::storage::Engine;

/// The engine behind it.
pub(crate) fn engine(storage: &Storage) -> &Embedded {
    let Engine::Embedded(engine) = &storage.engine else { panic!("another engine") };
    engine
}
