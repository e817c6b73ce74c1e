//! Attributes of domains (OMA reference, 12.1).

use super::{Asked, Attribute, Effect, Kind, Nothing, Problems, Right};
use serde_json::{Map, Value};
use storage::Domain;
use terms::DomainName;

const fn row(name: &'static str, kind: Kind, right: Right, effect: Effect) -> Attribute {
    Attribute { name, kind, right, effect }
}

const fn absent(name: &'static str, nothing: Nothing) -> Attribute {
    row(name, Kind::Flag, Right::Plain, Effect::Absent(nothing))
}

/// The largest limit that can be set.
const COUNT_MAX: u64 = 1_000_000_000;

/// The table.
pub const DOMAIN: &[Attribute] = &[
    row("aliases", Kind::Domains(2000), Right::Plain, Effect::Own),
    absent("allow", Nothing::EmptyList),
    absent("block", Nothing::EmptyList),
    absent("brand", Nothing::Unset),
    absent("catchall", Nothing::False),
    row("company", Kind::Name, Right::Billable, Effect::Own),
    // Every password is stored as argon2id, and every hash from elsewhere replaced by one at its
    // owner's next login.
    absent("default_password_encoding", Nothing::Unset),
    row("disabled", Kind::Flag, Right::Billable, Effect::Own),
    absent("filterdelivery", Nothing::Unset),
    absent("filtermx", Nothing::Unset),
    row("language", Kind::Language, Right::Plain, Effect::Kept),
    row("limit_aliases", Kind::Integer(COUNT_MAX), Right::Billable, Effect::Kept),
    row("limit_users", Kind::Integer(COUNT_MAX), Right::Billable, Effect::Kept),
    row("notes_external", Kind::Text(4096), Right::Plain, Effect::Kept),
    row("password_strength", Kind::Strength, Right::Plain, Effect::Kept),
    row("quota", Kind::Bytes, Right::Plain, Effect::Kept),
    row("quota_maximum", Kind::Megabytes, Right::Billable, Effect::Kept),
    absent("regen_passwords", Nothing::True),
    row("service_imap4", Kind::Service, Right::Plain, Effect::Kept),
    row("service_pop3", Kind::Service, Right::Plain, Effect::Kept),
    row("service_smtpin", Kind::Service, Right::Plain, Effect::Kept),
    row("service_smtprelay", Kind::Service, Right::Plain, Effect::Kept),
    row("service_smtprelay_webmail", Kind::Service, Right::Plain, Effect::Kept),
    row("service_webmail", Kind::Service, Right::Plain, Effect::Kept),
    absent("smtp_sent_limit", Nothing::Unset),
    absent("spamfolder", Nothing::Unset),
    absent("spamheader", Nothing::Unset),
    absent("spamlevel", Nothing::Unset),
    absent("spamtag", Nothing::Unset),
    row("timezone", Kind::Timezone, Right::Plain, Effect::Kept),
    row("wm_domainalias", Kind::Flag, Right::Plain, Effect::Kept),
    row("workgroup", Kind::Name, Right::Plain, Effect::Kept),
];

/// Attributes asked for a domain, checked.
#[derive(Debug, Default)]
pub struct DomainAttributes {
    /// All its aliases.
    pub aliases: Option<Vec<DomainName>>,
    /// Whether it is disabled.
    pub disabled: Option<bool>,
    /// The name of the company it moves to.
    pub company: Option<String>,
    /// What is only kept; `null` unsets.
    pub kept: Map<String, Value>,
}

impl DomainAttributes {
    /// Checks the values that were asked for a domain: `before` as it stands, or nothing if it is to
    /// be made. All problems are told at once.
    pub fn check(
        asked: Asked,
        name: &DomainName,
        before: Option<&Domain>,
        mut problems: Problems,
    ) -> Result<Self, Problems> {
        let mut found = DomainAttributes::default();
        for (row, value) in asked.checked(&mut problems) {
            let outcome = found.set(row, value, name);
            if let Err(problem) = outcome {
                problems.insert(row.name.to_owned(), problem);
            }
        }
        found.check_together(before, &mut problems);
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }

    fn set(&mut self, row: &Attribute, value: Value, name: &DomainName) -> Result<(), String> {
        match (row.effect, row.name, value) {
            (Effect::Absent(_), _, _) => {}
            (Effect::Own, "aliases", Value::Null) => self.aliases = Some(Vec::new()),
            (Effect::Own, "aliases", Value::Array(list)) => {
                let names = list.iter().filter_map(Value::as_str).map(DomainName::parse);
                let names: Vec<DomainName> =
                    names.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
                if names.contains(name) {
                    return Err(format!("{name} is the domain itself"));
                }
                self.aliases = Some(names);
            }
            (Effect::Own, "disabled", Value::Null) => self.disabled = Some(false),
            (Effect::Own, "disabled", Value::Bool(disabled)) => self.disabled = Some(disabled),
            // Every domain has a company: unsetting it asks for nothing.
            (Effect::Own, "company", Value::Null) => {}
            (Effect::Own, "company", Value::String(company)) => self.company = Some(company),
            (Effect::Own, _, _) => return Err("has the wrong type".to_owned()),
            (Effect::Kept, name, value) => {
                self.kept.insert(name.to_owned(), value);
            }
        }
        Ok(())
    }

    /// What depends on more than one value.
    fn check_together(&self, before: Option<&Domain>, problems: &mut Problems) {
        let now = |name: &str| match self.kept.get(name) {
            Some(value) => Some(value.clone()),
            None => before.and_then(|domain| domain.attributes.get(name).cloned()),
        };
        let quota = now("quota").and_then(|value| value.as_u64());
        let maximum = now("quota_maximum").and_then(|value| value.as_u64());
        if let (Some(quota), Some(maximum)) = (quota, maximum)
            && quota > maximum.saturating_mul(super::MEGABYTE)
        {
            let problem = format!("must not be above quota_maximum, {maximum} MB");
            problems.insert("quota".to_owned(), problem);
        }
        if let Some(workgroup) = self.kept.get("workgroup").and_then(Value::as_str) {
            // A new domain has the workgroup that storage gives it.
            let known = before.map_or_else(
                || workgroup == super::FIRST_WORKGROUP,
                |domain| domain.workgroups.iter().any(|name| name == workgroup),
            );
            if !known {
                let problem = "is not a workgroup of the domain".to_owned();
                problems.insert("workgroup".to_owned(), problem);
            }
        }
    }
}
