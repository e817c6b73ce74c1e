//! Walks through every interleaving of a setting, depth first and each state once; or through one
//! of them, by chance.

use crate::world::{Seen, Setting, Step, World};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an exploration covered.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Different states.
    pub(crate) states: usize,
    /// Different ways from the start to an end.
    pub(crate) interleavings: u128,
    /// What happened in at least one of them.
    pub(crate) seen: Seen,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, interleavings, seen } = self;
        write!(f, "{interleavings} interleavings through {states} states; seen: {seen:?}")
    }
}

/// A promise was broken, after these steps.
#[derive(Debug)]
pub(crate) struct Violation {
    /// Which, and how.
    pub(crate) what: String,
    /// The way there.
    pub(crate) steps: Vec<(&'static str, usize)>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after:", self.what)?;
        for (index, (step, whose)) in self.steps.iter().enumerate() {
            write!(f, "{} {step} {whose}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Explores all of it, or stops at the first broken promise.
pub(crate) fn explore(setting: &Setting) -> Result<Summary, Violation> {
    let mut explorer = Explorer { setting, ways: BTreeMap::new(), summary: Summary::default() };
    match explorer.visit(&World::new(setting)) {
        Ok(ways) => {
            explorer.summary.interleavings = ways;
            explorer.summary.states = explorer.ways.len();
            Ok(explorer.summary)
        }
        Err(mut violation) => {
            violation.steps.reverse();
            Err(violation)
        }
    }
}

struct Explorer<'a> {
    setting: &'a Setting,
    /// For each state visited, in how many ways it goes on. Time and budgets only ever run out, so
    /// no state leads back to itself.
    ways: BTreeMap<u64, u128>,
    summary: Summary,
}

impl Explorer<'_> {
    fn visit(&mut self, world: &World) -> Result<u128, Violation> {
        let name = fingerprint(world);
        if let Some(ways) = self.ways.get(&name) {
            return Ok(*ways);
        }
        if let Some(what) = world.broken_promise() {
            return Err(Violation { what, steps: Vec::new() });
        }
        let steps = world.steps(self.setting);
        let mut ways: u128 = 0;
        if steps.is_empty() {
            if let Some(what) = world.broken_at_the_end() {
                return Err(Violation { what, steps: Vec::new() });
            }
            ways = 1;
        }
        for Step { name, next, mut seen } in steps {
            self.summary.seen.append(&mut seen);
            let onward = self.visit(&next).map_err(|mut violation| {
                violation.steps.push(name);
                violation
            })?;
            ways = ways.saturating_add(onward);
        }
        self.ways.insert(name, ways);
        Ok(ways)
    }
}

/// 64 bits stand for the state: among some millions of states a mistaken match is out of reach.
fn fingerprint(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

/// Walks one way through a setting, chosen by the seed.
pub(crate) fn walk(setting: &Setting, seed: u64, seen: &mut Seen) -> Result<(), Violation> {
    let mut chance = Chance(seed);
    let mut world = World::new(setting);
    let mut way = Vec::new();
    loop {
        let mut steps = world.steps(setting);
        let end = if steps.is_empty() { world.broken_at_the_end() } else { None };
        if let Some(what) = world.broken_promise().or(end) {
            return Err(Violation { what, steps: way });
        }
        if steps.is_empty() {
            return Ok(());
        }
        let mut step = steps.swap_remove(chance.below(steps.len()));
        seen.append(&mut step.seen);
        way.push(step.name);
        world = step.next;
    }
}

/// SplitMix64: the same seed makes the same choices anywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(bound).unwrap()).unwrap()
    }
}
