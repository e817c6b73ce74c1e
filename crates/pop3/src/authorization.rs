//! The AUTHORIZATION state: who is there? (RFC 1939 §4, RFC 2595 §4, RFC 5034)

use crate::dialogue::{Context, Talk};
use crate::error::{Over, Refusal, refusal};
use crate::maildrop::Maildrop;
use crate::wire::{Auth, Command};
use crate::{capability, plain, reply};
use carrier::{Attempt, Host};
use storage::Login;
use terms::{FolderName, Protocol};

/// Until a maildrop is open; nothing if the client left before.
pub(crate) async fn run<H: Host>(
    talk: &mut Talk<H>,
    context: &Context,
) -> Result<Option<Maildrop>, Over> {
    let mut failures = 0;
    while let Some(attempt) = credentials(talk).await? {
        match talk.host.log_in(attempt).await {
            Ok(login) => return open(talk, context, login).await.map(Some),
            Err(error) => talk.refuse(Refusal::Login(error)),
        }
        failures += 1;
        if failures >= context.limits.failed_logins {
            return Err(talk.send_away(Refusal::TooManyFailedLogins).await);
        }
    }
    Ok(None)
}

/// Until the client has presented credentials; nothing if it left.
async fn credentials<H: Host>(talk: &mut Talk<H>) -> Result<Option<Attempt>, Over> {
    // Given by USER, and good for one PASS (RFC 1939 §7).
    let mut name = None;
    loop {
        match talk.command().await? {
            Command::User(text) => name = user(talk, text),
            Command::Pass(secret) => match name.take() {
                Some(name) => {
                    let protocol = Protocol::Pop3;
                    return Ok(Some(Attempt { protocol, name, on_behalf_of: None, secret }));
                }
                None => talk.reject(Refusal::UserFirst).await?,
            },
            Command::Auth(auth) => {
                if let Some(attempt) = exchange(talk, auth).await? {
                    return Ok(Some(attempt));
                }
            }
            Command::Stls => {
                // What was said without protection counts for nothing with it (RFC 2595 §4).
                name = None;
                start_tls(talk).await?;
            }
            Command::Capa => talk.say(capability::reply(talk.host.security()).as_bytes()),
            Command::Quit => return Ok(None),
            Command::Dele(_)
            | Command::List(_)
            | Command::Noop
            | Command::Retr(_)
            | Command::Rset
            | Command::Stat
            | Command::Top(..)
            | Command::Uidl(_) => talk.reject(Refusal::WrongState).await?,
        }
    }
}

/// Any name is welcome: whether there is such an account shows nowhere (RFC 1939 §7 permits it).
fn user<H: Host>(talk: &mut Talk<H>, name: String) -> Option<String> {
    if !talk.host.security().plaintext_login {
        talk.refuse(Refusal::NeedsTls);
        return None;
    }
    talk.ok("send PASS");
    Some(name)
}

async fn start_tls<H: Host>(talk: &mut Talk<H>) -> Result<(), Over> {
    let security = talk.host.security();
    if security.tls || !security.starttls {
        return talk.reject(Refusal::TlsNotPossible).await;
    }
    talk.ok("begin TLS");
    talk.output.flushed().await?;
    // Commands that were smuggled in behind STLS must not count as said under TLS.
    talk.input.discard();
    Ok(talk.host.start_tls().await?)
}

/// AUTH up to the credentials. Nothing if it came to none; that has been answered then.
async fn exchange<H: Host>(
    talk: &mut Talk<H>,
    auth: Option<Auth>,
) -> Result<Option<Attempt>, Over> {
    let security = talk.host.security();
    let Some(auth) = auth else {
        talk.say(capability::mechanisms(security).as_bytes());
        return Ok(None);
    };
    if auth.mechanism != "PLAIN" {
        talk.reject(Refusal::UnknownMechanism).await?;
        return Ok(None);
    }
    if !security.plaintext_login {
        talk.refuse(Refusal::NeedsTls);
        return Ok(None);
    }
    let response = match auth.initial_response {
        Some(response) => Ok(response),
        None => {
            talk.output.say(reply::EMPTY_CHALLENGE);
            talk.line().await?
        }
    };
    let attempt = response.and_then(|response| match response.as_slice() {
        b"*" => Err(Refusal::Cancelled),
        response => plain::attempt(response).ok_or(Refusal::MalformedResponse),
    });
    match attempt {
        Ok(attempt) => Ok(Some(attempt)),
        Err(refusal) => {
            talk.reject(refusal).await?;
            Ok(None)
        }
    }
}

/// Opens the maildrop. If that fails, the connection has to go: it can log in only once.
async fn open<H: Host>(
    talk: &mut Talk<H>,
    context: &Context,
    login: Login,
) -> Result<Maildrop, Over> {
    let Some(lock) = context.locks.take(login.account) else {
        return Err(talk.send_away(Refusal::MaildropInUse).await);
    };
    match Maildrop::open(&context.storage, login, lock, context.limits.messages).await {
        Ok(maildrop) => {
            talk.host.folder_opened(Some(&FolderName::inbox()));
            talk.ok(&format!("maildrop has {}", maildrop.summary()));
            Ok(maildrop)
        }
        Err(error) => {
            let refusal = refusal(&error)?;
            Err(talk.send_away(refusal).await)
        }
    }
}
