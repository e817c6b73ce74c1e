//! Proving who you are, for a request of the API.

use crate::login::Named;
use crate::throttle::Failure;
use crate::{Accounts, Actor, Identity, LoginRefusal, Proof, Refusal};
use std::net::IpAddr;
use storage::{AccountStatus, Token};
use terms::{Secret, UnixTime};

impl Accounts {
    /// Checks the credentials of an API request: either the token or the password must be right.
    /// Counts as one attempt of the same throttle that logins are subject to.
    ///
    /// Whoever has an active account may ask; what for, is decided by [`crate::authz`]. The account
    /// may be named by an alias. An app password is no password here.
    pub async fn identify(
        &self,
        name: &str,
        password: Option<&Secret>,
        token: Option<&Secret>,
        peer: IpAddr,
        now: UnixTime,
    ) -> Result<Actor, LoginRefusal> {
        let named = self.look_up(name).await?;
        self.admit(named.claimed, peer, now)?;
        // The token first, because that is cheap.
        let by_token = match token {
            Some(token) => self.check_token(named.account.as_ref(), token, now).await,
            None => Ok(None),
        };
        let by_token = by_token.map_err(|_| Refusal::Unavailable)?;
        let by_token = by_token.filter(|token| token.use_for.for_api());
        let (account, proof) = match (by_token, password, named) {
            (Some(_), _, Named { account: Some(account), claimed, .. }) => {
                self.note_right(claimed, peer);
                (account, Proof::Token)
            }
            (_, Some(password), named) => {
                let line = &self.inner.hashing_for_api;
                (self.check_password(line, named, password, peer, now).await?, Proof::Password)
            }
            (_, None, named) => {
                return Err(self.note_wrong(named.claimed, peer, now, Failure::Guess));
            }
        };
        if account.status() != AccountStatus::Active {
            return Err(Refusal::NotAllowed.into());
        }
        if let Some(token) = by_token.filter(|_| proof == Proof::Token) {
            self.spend(&token).await?;
        }
        Ok(Actor::new(Identity::of(&account), proof))
    }

    /// Takes the token's use, when nothing else stands in the way. Somebody may have been quicker.
    pub(crate) async fn spend(&self, token: &Token) -> Result<(), LoginRefusal> {
        match self.use_token(token).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Invalid.into()),
            Err(_) => Err(Refusal::Unavailable.into()),
        }
    }
}
