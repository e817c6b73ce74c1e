//! Proving who you are, for a request of the API.

use crate::login::Named;
use crate::throttle::Failure;
use crate::{Accounts, Actor, Identity, LoginRefusal, Proof, Refusal};
use std::net::IpAddr;
use storage::AccountStatus;
use terms::{Secret, UnixTime};

impl Accounts {
    /// Checks the credentials of an API request: either the token or the password must be right.
    /// Counts as one attempt of the same throttle that logins are subject to.
    ///
    /// Whoever has an active account may ask; what for, is decided by [`crate::authz`]. The account
    /// may be named by an alias.
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
            Some(token) => self.has_token(&named, token, now).await?,
            None => false,
        };
        let (account, proof) = match (by_token, password, named) {
            (true, _, Named { account: Some(account), claimed, .. }) => {
                self.note_right(claimed, peer);
                (account, Proof::Token)
            }
            (_, Some(password), named) => {
                (self.check_password(named, password, peer, now).await?, Proof::Password)
            }
            (_, None, named) => {
                return Err(self.note_wrong(named.claimed, peer, now, Failure::Guess));
            }
        };
        if account.status() != AccountStatus::Active {
            return Err(Refusal::NotAllowed.into());
        }
        Ok(Actor::new(Identity::of(&account), proof))
    }

    async fn has_token(
        &self,
        named: &Named,
        token: &Secret,
        now: UnixTime,
    ) -> Result<bool, LoginRefusal> {
        let checked = self.check_token(named.account.as_ref(), token, now).await;
        checked.map_err(|_| Refusal::Unavailable.into())
    }
}
