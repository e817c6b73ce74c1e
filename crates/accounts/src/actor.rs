//! Who asks.

use storage::{Account, RoleGrant};
use terms::{AccountId, Address, CompanyId, DomainId};

/// An account as far as rights are concerned: where it belongs, and what it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number.
    pub account: AccountId,
    /// Its address.
    pub address: Address,
    /// Its domain.
    pub domain: DomainId,
    /// The owner of its domain.
    pub company: CompanyId,
    /// The owner's name.
    pub company_name: String,
    /// Its workgroup.
    pub workgroup: String,
    /// Its role, if any.
    pub role: Option<RoleGrant>,
}

impl Identity {
    /// Of a stored account.
    pub fn of(account: &Account) -> Self {
        Self {
            account: account.id,
            address: account.address.clone(),
            domain: account.domain,
            company: account.company,
            company_name: account.company_name.clone(),
            workgroup: account.workgroup.clone(),
            role: account.role.clone(),
        }
    }
}

/// How an actor proved who he is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By his password.
    Password,
    /// By a token.
    Token,
}

/// Who asks: an account whose credentials were right. Made by this crate alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    identity: Identity,
    proof: Proof,
}

impl Actor {
    pub(crate) fn new(identity: Identity, proof: Proof) -> Self {
        Self { identity, proof }
    }

    /// Which account it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How it was proved.
    pub fn proof(&self) -> Proof {
        self.proof
    }
}
