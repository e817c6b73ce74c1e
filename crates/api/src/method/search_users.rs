//! `search_users`: the users of a domain and their aliases (OMA reference, 14.19).
//!
//! The status `quota` is never found: what an account uses is not looked at for a whole domain.

use crate::call::{Call, Outcome};
use crate::error::{ErrorNumber, Failure};
use crate::outline;
use crate::pattern;
use crate::reply::Reply;
use crate::request::{Fields, Range, Sort};
use accounts::authz::workgroups_in;
use accounts::{Action, Target, authz};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use storage::AccountSummary;

const STATUSES: &[&str] = &["active", "deleted", "quota", "smtplimit", "suspended"];
const TYPES: &[&str] = &["alias", "filter", "forward", "mailbox"];
const FIELDS: &[&str] =
    &["createtime", "forward", "lastlogin", "smtplimit", "status", "type", "workgroup"];

pub(crate) async fn run(call: &Call) -> Outcome {
    let criteria = call.fields.object("criteria")?;
    let name = criteria.text("domain")?;
    let wanted = Wanted::of(&criteria)?;
    let fields = names(&call.fields, "fields", FIELDS)?.unwrap_or_default();
    let (range, sort) = (Range::of(&call.fields)?, Sort::of(&call.fields)?);
    let order = order_of(sort.by.as_deref())?;

    let (domain, is_alias) = call.domain(name).await?.ok_or(ErrorNumber::NotFound)?;
    // A workgroup administrator sees his workgroups, and no others even if he asks.
    let limited_to = workgroups_in(&call.actor, &domain.name);
    match limited_to.first() {
        Some(own) => {
            let asked = wanted.workgroup.as_deref().unwrap_or(own);
            let target = Target::workgroup(&domain, asked);
            authz::permit(&call.actor, Action::SearchUsers, &target)?;
        }
        None => {
            authz::permit(&call.actor, Action::SearchUsers, &Target::domain(&domain))?;
        }
    }
    if is_alias {
        return Err(ErrorNumber::Alias.into());
    }

    let mut rows = Vec::new();
    if !wanted.only_deleted {
        rows.extend(call.storage().accounts(domain.id, false).await?);
    }
    if wanted.only_deleted || wanted.status.iter().flatten().any(|status| status == "deleted") {
        rows.extend(call.storage().accounts(domain.id, true).await?);
    }
    rows.retain(|row| wanted.holds(row) && is_among(&limited_to, &row.workgroup));
    rows.sort_by(|a, b| {
        let by_key = order(a, b).then_with(|| a.address.cmp(&b.address));
        if sort.descending { by_key.reverse() } else { by_key }
    });
    let total = rows.len();
    let users: Vec<Value> =
        range.cut(rows).into_iter().map(|row| outline_of(&row, &fields)).collect();
    Ok(Reply::done().with("count", users.len()).with("total_count", total).with("users", users))
}

/// The criteria.
struct Wanted {
    only_deleted: bool,
    pattern: Option<String>,
    status: Option<Vec<String>>,
    kind: Option<Vec<String>>,
    workgroup: Option<String>,
}

impl Wanted {
    fn of(criteria: &Fields) -> Result<Self, Failure> {
        Ok(Self {
            only_deleted: criteria.flag("deleted")?,
            pattern: criteria.optional_text("match")?.map(str::to_owned),
            status: names(criteria, "status", STATUSES)?,
            kind: names(criteria, "type", TYPES)?,
            workgroup: criteria.optional_text("workgroup")?.map(str::to_owned),
        })
    }

    fn holds(&self, row: &AccountSummary) -> bool {
        let among = |names: &Option<Vec<String>>, name: &str| {
            names.as_ref().is_none_or(|names| names.iter().any(|it| it == name))
        };
        // The whole address or the part before the @: documentation leaves it open, clients do both.
        let fits = self.pattern.as_ref().is_none_or(|pattern| {
            pattern::matches(pattern, row.address.as_str())
                || pattern::matches(pattern, row.address.local())
        });
        fits && among(&self.status, outline::status_name(row.status))
            && among(&self.kind, kind_of(row))
            && self.workgroup.as_ref().is_none_or(|it| is_same(it, &row.workgroup))
    }
}

/// A list of names out of a known set.
fn names(fields: &Fields, name: &str, known: &[&str]) -> Result<Option<Vec<String>>, Failure> {
    let Some(names) = fields.texts(name)?.filter(|names| !names.is_empty()) else {
        return Ok(None);
    };
    if names.iter().all(|it| known.contains(&it.as_str())) {
        return Ok(Some(names));
    }
    let reason = format!("must be of: {}", known.join(", "));
    Err(Failure::with_hint(ErrorNumber::Value, name, reason))
}

/// Whether a workgroup is one of those that the caller is limited to, if to any.
pub(crate) fn is_among(workgroups: &[String], workgroup: &str) -> bool {
    workgroups.is_empty() || workgroups.iter().any(|it| is_same(it, workgroup))
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn kind_of(row: &AccountSummary) -> &'static str {
    if row.alias_target.is_some() { "alias" } else { outline::kind_name(row.kind) }
}

type Order = fn(&AccountSummary, &AccountSummary) -> Ordering;

/// How to sort. Rows that are equal are in the order of their names.
fn order_of(by: Option<&str>) -> Result<Order, Failure> {
    Ok(match by {
        None | Some("user") => |a, b| a.address.cmp(&b.address),
        Some("createtime") => |a, b| a.created.cmp(&b.created),
        Some("delete_time") => |a, b| a.deleted.cmp(&b.deleted),
        Some("id") => |a, b| a.account.cmp(&b.account),
        Some("lastlogin") => |a, b| a.last_login.cmp(&b.last_login),
        Some("status") => |a, b| outline::status_name(a.status).cmp(outline::status_name(b.status)),
        Some("target") => |a, b| a.alias_target.cmp(&b.alias_target),
        Some("type") => |a, b| kind_of(a).cmp(kind_of(b)),
        Some("workgroup") => |a, b| a.workgroup.cmp(&b.workgroup),
        Some(_) => {
            return Err(Failure::with_hint(ErrorNumber::Value, "sort", "cannot be sorted by"));
        }
    })
}

/// A row as it is told. `user`, `type`, `workgroup` and `status` are always there: clients rely on it.
fn outline_of(row: &AccountSummary, fields: &[String]) -> Value {
    let asked = |name: &str| fields.iter().any(|field| field == name);
    let mut told = Map::new();
    told.insert("user".to_owned(), json!(row.address.as_str()));
    told.insert("type".to_owned(), json!(kind_of(row)));
    told.insert("workgroup".to_owned(), json!(row.workgroup));
    told.insert("status".to_owned(), json!(outline::status_name(row.status)));
    if let Some(target) = &row.alias_target {
        told.insert("alias_target".to_owned(), json!(target.as_str()));
    }
    if let Some(deleted) = row.deleted {
        told.insert("id".to_owned(), json!(row.account.to_string()));
        told.insert("delete_time".to_owned(), json!(deleted.0));
    }
    if asked("createtime") {
        told.insert("createtime".to_owned(), json!(row.created.0));
    }
    if let Some(at) = row.last_login.filter(|_| asked("lastlogin")) {
        told.insert("lastlogin".to_owned(), json!(at.0));
    }
    if asked("forward") && row.alias_target.is_none() {
        // Sic. There is no forwarding here yet.
        told.insert("forward_recepient_count".to_owned(), json!(0));
    }
    Value::Object(told)
}
