//! What may happen next: every step that some party could take in a state.

use super::node::{deliver, pass_time, register, restart, take};
use super::{ALICE, Call, Flaw, Proof, Raise, Reading, Renewal, Seen, Setting, Stage, Step, World};
use cluster::{Grant, Lease, Membership};
use sessions::Event;
use terms::Epoch;

impl World {
    /// The epoch that a logout raises.
    fn epoch_of(&mut self, call: usize) -> &mut Epoch {
        let whose = usize::from(self.logouts[call].account != ALICE);
        &mut self.epochs[whose]
    }

    fn raised(&mut self, call: usize) -> Epoch {
        Epoch(self.epoch_of(call).0 + 1)
    }
}

/// Collects them.
pub(super) struct Steps<'a> {
    pub(super) from: &'a World,
    pub(super) setting: &'a Setting,
    pub(super) steps: Vec<Step>,
}

impl Steps<'_> {
    fn add(
        &mut self,
        what: &'static str,
        whose: usize,
        change: impl FnOnce(&mut World, &mut Seen),
    ) {
        let (mut next, mut seen) = (self.from.clone(), Seen::new());
        change(&mut next, &mut seen);
        self.steps.push(Step { name: (what, whose), next, seen });
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.setting.flaw == flaw
    }

    /// Read, register, recheck, confirm, leave.
    pub(super) fn of_logins(&mut self) {
        for (index, login) in self.from.logins.iter().enumerate() {
            let node = &self.from.nodes[login.on];
            let set = |world: &mut World, stage| world.logins[index].stage = stage;
            let account_only = self.has(Flaw::RecheckAccountOnly);
            let stands = |world: &World, proof: Proof| {
                let administrator = proof.administrator.filter(|_| !account_only);
                proof.own >= world.epochs[0]
                    && administrator.is_none_or(|epoch| epoch >= world.epochs[1])
            };
            let forgets_administrator = self.has(Flaw::RegisterAccountOnly);
            match login.stage {
                Stage::NotBegun if node.may_serve() && login.on_behalf => {
                    self.add("read administrator for login", index, |world, _| {
                        set(world, Stage::ReadAdministrator(world.epochs[1]));
                    });
                }
                Stage::NotBegun if node.may_serve() => {
                    self.add("read account for login", index, |world, _| {
                        let proof = Proof { own: world.epochs[0], administrator: None };
                        set(world, Stage::Read(proof));
                    });
                }
                Stage::ReadAdministrator(epoch) => {
                    self.add("read account for login", index, |world, _| {
                        let administrator = Some(epoch);
                        let proof = Proof { own: world.epochs[0], administrator };
                        set(world, Stage::Read(proof));
                    });
                }
                Stage::Read(proof) if self.has(Flaw::RecheckBeforeRegister) => {
                    self.add("recheck login", index, |world, _| {
                        set(world, Stage::Rechecked(proof, None, stands(world, proof)));
                    });
                }
                Stage::Read(proof) => self.add("register login", index, |world, _| {
                    let listed = match forgets_administrator {
                        true => Proof { administrator: None, ..proof },
                        false => proof,
                    };
                    let id = register(world, index, listed);
                    set(world, Stage::Registered(proof, id));
                }),
                Stage::Registered(proof, id) => {
                    let unasked = self.has(Flaw::NoRecheck);
                    self.add("recheck login", index, |world, _| {
                        let stands = unasked || stands(world, proof);
                        set(world, Stage::Rechecked(proof, Some(id), stands));
                    });
                }
                Stage::Rechecked(proof, None, stands) => {
                    self.add("register login", index, |world, _| {
                        let id = register(world, index, proof);
                        set(world, Stage::Rechecked(proof, Some(id), stands));
                    });
                }
                Stage::Rechecked(_, Some(id), stands) if !stands || node.is_told(id) => {
                    self.add("refuse login", index, |world, seen| {
                        seen.insert(match stands {
                            true => "login refused because told",
                            false => "login refused at the recheck",
                        });
                        world.leave(index, id);
                    });
                }
                Stage::Rechecked(proof, Some(id), _) if node.may_serve() => {
                    self.add("confirm login", index, |world, seen| {
                        if proof.own > Epoch(1) {
                            seen.insert("login confirmed after the raise");
                        }
                        if proof.administrator.is_some_and(|epoch| epoch > Epoch(1)) {
                            seen.insert("login confirmed after the administrator's raise");
                        }
                        set(world, Stage::Live(proof, id));
                    });
                }
                Stage::Live(_, id) => self.add("leave session", index, |world, seen| {
                    seen.insert(match world.nodes[world.logins[index].on].is_told(id) {
                        true => "session ended by order",
                        false => "session left by itself",
                    });
                    world.leave(index, id);
                }),
                Stage::NotBegun | Stage::Rechecked(..) | Stage::Over => {}
            }
        }
    }

    /// Begin, raise on disk, raise known, members read, members known, reminder, deadline.
    pub(super) fn of_logouts(&mut self) {
        for (index, call) in self.from.logouts.iter().enumerate() {
            if !call.begun {
                let (early_order, early_members) =
                    (self.has(Flaw::OrderBeforeRaise), self.has(Flaw::MembersBeforeRaise));
                self.add("call logout", index, |world, seen| {
                    world.call(index).begun = true;
                    world.call(index).raise = Raise::Asked;
                    if early_members {
                        let members = Membership::new(world.now(), world.grants.clone());
                        world.call(index).reading = Reading::Taken(members);
                    }
                    if early_order {
                        let raised = world.raised(index);
                        world.handle(index, Event::Raised(raised), seen);
                    }
                });
                continue;
            }
            if call.dead {
                continue;
            }
            // What has been asked of storage happens even if the caller has given up.
            if call.raise == Raise::Asked {
                self.add("raise on disk, logout", index, |world, _| {
                    let raised = world.raised(index);
                    *world.epoch_of(index) = raised;
                    world.call(index).raise = Raise::OnDisk(raised);
                });
            }
            if !call.is_open() {
                continue;
            }
            if let Raise::OnDisk(epoch) = call.raise {
                self.add("raise known, logout", index, |world, seen| {
                    world.call(index).raise = Raise::Known;
                    world.handle(index, Event::Raised(epoch), seen);
                });
            }
            self.of_reading(index, call);
            if self.from.budget.reminders > 0 && call.raise == Raise::Known {
                self.add("remind logout", index, |world, seen| {
                    seen.insert("reminded");
                    world.budget.reminders -= 1;
                    world.handle(index, Event::Remind, seen);
                });
            }
            if self.has(Flaw::SuccessAtDeadline) && call.below.is_some() {
                self.add("deadline of logout", index, |world, seen| {
                    world.handle(index, Event::Deadline, seen);
                    world.call(index).answer = Some(true);
                });
            } else if !self.has(Flaw::NoDeadline) {
                self.add("deadline of logout", index, |world, seen| {
                    world.handle(index, Event::Deadline, seen);
                    if world.logouts[index].answer.is_none() {
                        world.broken = Some("L7: not answered at the deadline".into());
                    }
                });
            }
        }
    }

    fn of_reading(&mut self, index: usize, call: &Call) {
        match &call.reading {
            Reading::No => {}
            Reading::Asked => {
                let (only_own, from_memory) =
                    (self.has(Flaw::AskOneNode), self.has(Flaw::RememberLeases));
                self.add("members read, logout", index, |world, _| {
                    let mut grants = world.grants.clone();
                    if only_own {
                        let own = world.nodes[world.logouts[index].on].name;
                        grants.retain(|node, _| *node == own);
                    }
                    if from_memory {
                        grants = world.call(index).remembered.get_or_insert(grants).clone();
                    }
                    let members = Membership::new(world.now(), grants);
                    world.call(index).reading = Reading::Taken(members);
                });
            }
            // A reading from before the raise is known is there only under a flaw.
            Reading::Taken(_)
                if call.raise != Raise::Known && !self.has(Flaw::OrderBeforeRaise) => {}
            Reading::Taken(members) => self.add("members known, logout", index, |world, seen| {
                world.call(index).reading = Reading::No;
                world.handle(index, Event::Members(members.clone()), seen);
            }),
        }
    }

    /// Deliver, repeat, lose.
    pub(super) fn of_bus(&mut self) {
        for (index, message) in self.from.bus.keys().enumerate() {
            let flaw = self.setting.flaw;
            self.add("deliver message", index, |world, seen| {
                take(world, message);
                deliver(world, message, flaw, seen);
            });
            if self.from.budget.repeats > 0 {
                self.add("deliver and keep message", index, |world, seen| {
                    world.budget.repeats -= 1;
                    deliver(world, message, flaw, seen);
                });
            }
            if self.from.budget.losses > 0 {
                self.add("lose message", index, |world, seen| {
                    seen.insert("lost message");
                    world.budget.losses -= 1;
                    take(world, message);
                });
            }
        }
    }

    /// Ticks, drifting clocks, renewals, restarts.
    pub(super) fn of_time(&mut self) {
        let nodes = 0..self.from.nodes.len();
        if self.from.tick < self.setting.last_tick {
            self.add("tick", 0, |world, _| pass_time(world, None));
            if self.from.budget.drifts > 0 {
                for slow in nodes.clone() {
                    self.add("tick without the clock of node", slow, |world, _| {
                        world.budget.drifts -= 1;
                        pass_time(world, Some(slow));
                    });
                }
            }
        }
        for index in nodes {
            self.of_renewal(index);
            if self.from.budget.restarts > 0 {
                let terms = self.setting.lease_terms();
                self.add("restart node", index, |world, seen| {
                    seen.insert("node restarted");
                    world.budget.restarts -= 1;
                    restart(world, index, terms);
                });
            }
        }
    }

    fn of_renewal(&mut self, index: usize) {
        let node = &self.from.nodes[index];
        let terms = self.setting.lease_terms();
        let lapsed_too = self.has(Flaw::RenewLapsed);
        match node.renewal {
            None if self.from.budget.renewals > 0 && (node.may_serve() || lapsed_too) => {
                self.add("ask for a renewal, node", index, |world, _| {
                    world.budget.renewals -= 1;
                    let node = world.node(index);
                    node.renewal = Some(Renewal::Asked(node.now()));
                });
            }
            None => {}
            Some(Renewal::Asked(asked)) => {
                self.add("renewal decided, node", index, |world, seen| {
                    let now = world.now();
                    let Some(grant) = world.grants.get_mut(&world.nodes[index].name) else {
                        return;
                    };
                    let renewal = match grant.renewed(terms, now) {
                        Ok(renewed) => {
                            *grant = renewed;
                            Some(Renewal::Granted(asked))
                        }
                        Err(_) if lapsed_too => {
                            *grant = Grant::new(terms, now);
                            Some(Renewal::Granted(asked))
                        }
                        Err(_) => {
                            seen.insert("renewal refused");
                            None
                        }
                    };
                    world.node(index).renewal = renewal;
                });
            }
            Some(Renewal::Granted(asked)) => {
                self.add("renewal known, node", index, |world, seen| {
                    let node = world.node(index);
                    node.renewal = None;
                    if lapsed_too {
                        node.lease = Lease::granted(terms, asked);
                    } else if let Ok(renewed) = node.lease.renewed(asked, node.now()) {
                        seen.insert("lease renewed");
                        node.lease = renewed;
                    }
                });
            }
        }
    }
}
