//! The pretend world: storage, nodes, logins, logouts, and the bus between them. Everything that is
//! the product's is the product's own: [`Registry`], [`Inbox`], [`Lease`], [`Grant`], [`Logout`].

mod node;
mod steps;

use node::order_id;
use steps::Steps;

use cluster::{
    Filter, Grant, Inbox, Lease, LeaseTerms, Membership, Moment, Node, OrderId, StoreMoment,
};
use sessions::{EndingId, Limits, Logout, Registry, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;
use terms::{AccountId, AuditId, EndReason, Epoch, Incarnation, NodeId, Scope, SessionId};

const ALICE: AccountId = AccountId(1);
/// Her administrator, who logs in on her behalf.
const BOSS: AccountId = AccountId(2);

/// A node that is not in this world.
pub(crate) const ELSEWHERE: usize = usize::MAX;

/// How things are, apart from what has happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) nodes: usize,
    /// On which node each login takes place.
    pub(crate) logins: &'static [usize],
    /// Which of them are the administrator's, on behalf of the account.
    pub(crate) on_behalf: &'static [usize],
    /// On which node each logout is called.
    pub(crate) logouts: &'static [usize],
    /// Which of them are about the administrator: his sessions at others end, too.
    pub(crate) about_administrator: &'static [usize],
    /// Time stops there. 0: nothing has to do with time.
    pub(crate) last_tick: u64,
    pub(crate) budget: Budget,
    pub(crate) flaw: Flaw,
}

/// How often what need not happen may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) losses: u8,
    pub(crate) repeats: u8,
    pub(crate) reminders: u8,
    pub(crate) renewals: u8,
    pub(crate) drifts: u8,
    pub(crate) restarts: u8,
}

impl Budget {
    pub(crate) fn none() -> Self {
        Self { losses: 0, repeats: 0, reminders: 0, renewals: 0, drifts: 0, restarts: 0 }
    }
}

/// What could be wrong with the procedure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    RecheckBeforeRegister,
    NoRecheck,
    RecheckAccountOnly,
    RegisterAccountOnly,
    AcknowledgeWhenTold,
    OrderBeforeRaise,
    CompareArrival,
    WaitForNewlyTold,
    SuccessAtDeadline,
    NoDeadline,
    AskOneNode,
    MembersBeforeRaise,
    RememberLeases,
    NoMargin,
    RenewLapsed,
}

impl Setting {
    pub(crate) fn simple() -> Self {
        Self {
            nodes: 1,
            logins: &[],
            on_behalf: &[],
            logouts: &[],
            about_administrator: &[],
            last_tick: 0,
            budget: Budget::none(),
            flaw: Flaw::None,
        }
    }

    /// Leases of three ticks, with a margin of one: a clock may lose one tick in that time.
    fn lease_terms(&self) -> LeaseTerms {
        let margin = if self.flaw == Flaw::NoMargin { 0 } else { 1 };
        LeaseTerms::new(ticks(3), ticks(margin)).unwrap()
    }
}

fn ticks(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// One state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    tick: u64,
    /// Storage: the epochs of the account and of its administrator, which are the floors too, and the
    /// leases.
    epochs: [Epoch; 2],
    grants: BTreeMap<Node, Grant>,
    /// Shared with the states before and after, as far as they are alike.
    nodes: Vec<Rc<Running>>,
    logins: Vec<Login>,
    logouts: Vec<Rc<Call>>,
    bus: BTreeMap<Message, u8>,
    budget: Budget,
    broken: Option<String>,
}

/// A node as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Running {
    name: Node,
    registry: Registry<usize>,
    inbox: Inbox,
    orders: BTreeMap<EndingId, OrderId>,
    clock: u64,
    lease: Lease,
    renewal: Option<Renewal>,
}

/// A renewal under way, asked for at a time of the node's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Renewal {
    Asked(Moment),
    Granted(Moment),
}

/// One login, from its start to the end of its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Login {
    on: usize,
    on_behalf: bool,
    stage: Stage,
}

/// The epochs that a login carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Proof {
    own: Epoch,
    /// Its administrator's, if it is on behalf.
    administrator: Option<Epoch>,
}

impl Proof {
    /// Whether an order about that account, below that epoch, is about the login.
    fn is_covered(self, account: AccountId, below: Epoch) -> bool {
        match account {
            ALICE => self.own < below,
            _ => self.administrator.is_some_and(|epoch| epoch < below),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    NotBegun,
    /// The administrator was read with this epoch; then comes the account.
    ReadAdministrator(Epoch),
    /// The account was read; the credentials are being checked.
    Read(Proof),
    Registered(Proof, SessionId),
    /// Storage has said whether it stands. Without a place only under a flaw.
    Rechecked(Proof, Option<SessionId>, bool),
    /// The client has been told yes.
    Live(Proof, SessionId),
    Over,
}

/// One call of the logout procedure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call {
    on: usize,
    /// Whose logins it voids.
    account: AccountId,
    begun: bool,
    /// Its node has stopped: nothing comes of it any more.
    dead: bool,
    logout: Logout,
    raise: Raise,
    reading: Reading,
    /// The leases as first read; looked at again only under a flaw.
    remembered: Option<BTreeMap<Node, Grant>>,
    below: Option<Epoch>,
    answer: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Raise {
    NotAsked,
    Asked,
    OnDisk(Epoch),
    Known,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Reading {
    No,
    Asked,
    Taken(Membership),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Message {
    /// An order of this call, to this node.
    Order(usize, Node, Epoch),
    Answer(usize, cluster::Acknowledgement),
}

/// As when a password is changed.
fn filter() -> Filter {
    Filter::scopes(&[Scope::Everything, Scope::OnBehalf])
}

/// What happened that a test must have seen, or it shows nothing.
pub(crate) type Seen = BTreeSet<&'static str>;

/// Something that may happen next.
pub(crate) struct Step {
    /// What, and to which login, logout, node or message.
    pub(crate) name: (&'static str, usize),
    /// The state after it.
    pub(crate) next: World,
    /// What is worth counting in it.
    pub(crate) seen: Seen,
}

impl World {
    pub(crate) fn new(setting: &Setting) -> Self {
        let timed = setting.last_tick > 0;
        let names: Vec<Node> = (1..)
            .take(setting.nodes)
            .map(|id| Node { id: NodeId(id), incarnation: Incarnation(1) })
            .collect();
        let terms = setting.lease_terms();
        let grant = if timed { Grant::new(terms, StoreMoment(ticks(0))) } else { Grant::alone() };
        let lease = if timed { Lease::granted(terms, Moment(ticks(0))) } else { Lease::alone() };
        Self {
            tick: 0,
            epochs: [Epoch(1); 2],
            grants: names.iter().map(|name| (*name, grant)).collect(),
            logins: setting
                .logins
                .iter()
                .enumerate()
                .map(|(index, on)| Login {
                    on: *on,
                    on_behalf: setting.on_behalf.contains(&index),
                    stage: Stage::NotBegun,
                })
                .collect(),
            logouts: setting
                .logouts
                .iter()
                .zip(1..)
                .zip(0..)
                .map(|((on, n), index)| {
                    let boss = setting.about_administrator.contains(&index);
                    Rc::new(Call::new(*on, n, if boss { BOSS } else { ALICE }))
                })
                .collect(),
            nodes: names.into_iter().map(|name| Rc::new(Running::new(name, lease))).collect(),
            bus: BTreeMap::new(),
            budget: setting.budget,
            broken: None,
        }
    }

    /// Which promise does not hold here, if one does not.
    pub(crate) fn broken_promise(&self) -> Option<String> {
        if self.broken.is_some() {
            return self.broken.clone();
        }
        for call in self.logouts.iter().filter(|call| call.answer == Some(true)) {
            for (index, login) in self.logins.iter().enumerate() {
                if let Stage::Live(proof, _) = login.stage
                    && call.below.is_some_and(|below| proof.is_covered(call.account, below))
                    && self.nodes[login.on].may_serve()
                {
                    return Some(format!("L1: success, and session {index} is live"));
                }
            }
        }
        None
    }

    /// Which promise is not kept though nothing more will happen.
    pub(crate) fn broken_at_the_end(&self) -> Option<String> {
        let unanswered = |call: &Rc<Call>| call.begun && !call.dead && call.answer.is_none();
        let call = self.logouts.iter().position(unanswered)?;
        Some(format!("L7: logout {call} was never answered"))
    }

    /// All that may happen next.
    pub(crate) fn steps(&self, setting: &Setting) -> Vec<Step> {
        let mut steps = Steps { from: self, setting, steps: Vec::new() };
        steps.of_logins();
        steps.of_logouts();
        steps.of_bus();
        if setting.last_tick > 0 {
            steps.of_time();
        }
        steps.steps
    }

    fn now(&self) -> StoreMoment {
        StoreMoment(ticks(self.tick))
    }

    fn node(&mut self, index: usize) -> &mut Running {
        Rc::make_mut(&mut self.nodes[index])
    }

    fn call(&mut self, index: usize) -> &mut Call {
        Rc::make_mut(&mut self.logouts[index])
    }

    fn send(&mut self, message: Message) {
        *self.bus.entry(message).or_default() += 1;
    }
}

impl Running {
    fn new(name: Node, lease: Lease) -> Self {
        Self {
            name,
            registry: Registry::new(name, Limits::default()),
            inbox: Inbox::default(),
            orders: BTreeMap::new(),
            clock: 0,
            lease,
            renewal: None,
        }
    }

    fn now(&self) -> Moment {
        Moment(ticks(self.clock))
    }

    fn may_serve(&self) -> bool {
        self.lease.may_serve(self.now())
    }

    fn is_told(&self, id: SessionId) -> bool {
        self.registry.sessions_of(ALICE).any(|(key, row)| key.id == id && row.told)
    }
}

impl Call {
    /// The n-th call, which gives the n-th order.
    fn new(on: usize, number: u64, account: AccountId) -> Self {
        let request = Request {
            account,
            filter: filter(),
            reason: EndReason::LoggedOut,
            audit: AuditId(String::new()),
        };
        let (logout, _) = Logout::begin(order_id(number), request);
        Self {
            on,
            account,
            begun: false,
            dead: false,
            logout,
            raise: Raise::NotAsked,
            reading: Reading::No,
            remembered: None,
            below: None,
            answer: None,
        }
    }

    fn is_open(&self) -> bool {
        self.begun && !self.dead && self.answer.is_none()
    }
}
