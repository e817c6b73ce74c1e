//! THE TABLE: which role may do what, within its reach. One row per action; the test below shows it
//! in full.

use storage::Role;

/// Something that can be done over the API or by logging in. Named after the API's method; where one
/// method does several things, there is an action for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the API method of that name, or explained in its row")]
#[rustfmt::skip]
pub enum Action {
    Authenticate, LogInOnBehalf,
    GetCompany, ChangeCompany, GetCompanyBulletin, ChangeCompanyBulletin, PostCompanyBulletin, GetCompanyChanges,
    GetDomain, ChangeDomain, ChangeDomainBillable, CreateDomain, DeleteDomain, RestoreDomain, PushDomain,
    SearchDomains, GetDomainBulletin, ChangeDomainBulletin, PostDomainBulletin, GetDomainChanges,
    SearchWorkgroups, CreateWorkgroup, DeleteWorkgroup,
    SearchAdmins, SearchUsers, GetUser, ChangeUser, ChangeUserPassword, ChangeUserBillable, CreateUser,
    DeleteUser, RestoreUser, RenameUser, SetRole, AddRole, RemoveRole, LogoutUser,
    GetUserSessions, EndSessions, GenerateToken, AppPassword, UserDisable2fa, UserNotify,
    GetUserFolders, GetUserMessages, MoveUserMessages, GetDeletedMessages, RestoreDeletedMessages,
    GetDeletedContacts, RestoreDeletedContacts, GetUserAttributeHistory, GetUserChanges,
    GetSieve, SetSieve, Reindex,
    SearchBrands, SearchBrandMembers, ResetEmailTest, StatsList, StatsSnapshot, StatsSummary,
    MigrationAdd, MigrationJobs, MigrationStatus, MigrationTrace,
}

/// A set of roles, as bits.
type Roles = u16;

const C: Roles = bit(Role::Company);
const V: Roles = bit(Role::CompanyView);
const M: Roles = bit(Role::CompanyMail);
const M2: Roles = bit(Role::CompanyMail2);
const RO: Roles = bit(Role::CompanyRo);
const T: Roles = bit(Role::CompanyTokenOnly);
const D: Roles = bit(Role::Domain);
const A: Roles = bit(Role::Mail);
const W: Roles = bit(Role::Workgroup);

/// Company roles that see everything.
const READERS: Roles = C | V | M | M2 | RO;
/// Who manages what is not billed of existing accounts.
const EDITORS: Roles = C | V | M | M2 | D | A | W;
/// The same where secrets are involved: `company_mail2` is `company_mail` without these.
const KEEPERS: Roles = C | V | M | D | A | W;
/// Who makes and removes accounts.
const MAKERS: Roles = C | D | W;

const fn bit(role: Role) -> Roles {
    1 << role as u16
}

impl Action {
    /// Whether the role allows the action on what it reaches.
    pub fn allowed_for(self, role: Role) -> bool {
        self.roles() & bit(role) != 0
    }

    /// The rows.
    fn roles(self) -> Roles {
        use Action::*;
        match self {
            // Only about oneself: see `by_owner`.
            Authenticate => 0,
            // Opening an account's folders with an administrator's own password. Who may set the
            // password could log in anyway; this way leaves a trace with his name.
            LogInOnBehalf => KEEPERS,

            GetCompany | GetCompanyBulletin | GetCompanyChanges => READERS,
            ChangeCompany | ChangeCompanyBulletin | PostCompanyBulletin => C,

            GetDomain | GetDomainBulletin | GetDomainChanges | SearchWorkgroups => READERS | D,
            ChangeDomain | ChangeDomainBulletin | PostDomainBulletin => C | V | D,
            // Limits, owner, and whether it works at all: what a company sells.
            ChangeDomainBillable => C,
            CreateDomain | DeleteDomain | RestoreDomain | PushDomain => C,
            SearchDomains | SearchAdmins => READERS,
            CreateWorkgroup | DeleteWorkgroup => C | D,

            SearchUsers | GetUser => READERS | D | A | W,
            GetUserFolders
            | GetUserMessages
            | GetDeletedMessages
            | GetDeletedContacts
            | GetUserAttributeHistory
            | GetUserChanges
            | GetSieve => READERS | D | A | W,
            ChangeUser
            | SetSieve
            | MoveUserMessages
            | RestoreDeletedMessages
            | RestoreDeletedContacts
            | Reindex => EDITORS,
            ChangeUserPassword | AppPassword | UserDisable2fa => KEEPERS,
            // Quota and kind of account.
            ChangeUserBillable | CreateUser | DeleteUser | RestoreUser | RenameUser => MAKERS,
            // Documented with an explicit list.
            UserNotify => EDITORS,

            SetRole | AddRole | RemoveRole => C | D,
            GenerateToken => C | V | M | T | D,

            // Documented: `domain`. Lesser administrators and the company's helpers manage the same
            // accounts' passwords and services, which end sessions too; who only reads does not.
            LogoutUser | EndSessions => EDITORS,
            GetUserSessions => READERS | D | A | W,

            SearchBrands | SearchBrandMembers | StatsList | StatsSnapshot | StatsSummary => READERS,
            ResetEmailTest => C,
            MigrationAdd | MigrationJobs | MigrationStatus | MigrationTrace => C | D,
        }
    }

    /// Whether anyone may do it to his own account, role or not.
    pub(crate) fn by_owner(self) -> bool {
        matches!(self, Action::Authenticate | Action::GetUser)
    }

    /// Whether it could make the target's power the actor's, or take it from the target.
    pub(crate) fn gains_power(self) -> bool {
        use Action::*;
        matches!(
            self,
            LogInOnBehalf
                | ChangeUserPassword
                | DeleteUser
                | RestoreUser
                | RenameUser
                | SetRole
                | AddRole
                | RemoveRole
                | GenerateToken
                | AppPassword
                | UserDisable2fa
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Action::{self, *};
    use crate::role;
    use storage::Role;

    /// Every action, in order, with the roles that allow it: company (C), view (V), mail (M),
    /// mail2 (2), ro (R), token_only (T), domain (D), mail (A), workgroup (W), and owner (o).
    #[rustfmt::skip]
    const ROWS: &[(Action, &str)] = &[
        (Authenticate,           "---------o"),
        (LogInOnBehalf,          "CVM---DAW-"),
        (GetCompany,             "CVM2R-----"),
        (ChangeCompany,          "C---------"),
        (GetCompanyBulletin,     "CVM2R-----"),
        (ChangeCompanyBulletin,  "C---------"),
        (PostCompanyBulletin,    "C---------"),
        (GetCompanyChanges,      "CVM2R-----"),
        (GetDomain,              "CVM2R-D---"),
        (ChangeDomain,           "CV----D---"),
        (ChangeDomainBillable,   "C---------"),
        (CreateDomain,           "C---------"),
        (DeleteDomain,           "C---------"),
        (RestoreDomain,          "C---------"),
        (PushDomain,             "C---------"),
        (SearchDomains,          "CVM2R-----"),
        (GetDomainBulletin,      "CVM2R-D---"),
        (ChangeDomainBulletin,   "CV----D---"),
        (PostDomainBulletin,     "CV----D---"),
        (GetDomainChanges,       "CVM2R-D---"),
        (SearchWorkgroups,       "CVM2R-D---"),
        (CreateWorkgroup,        "C-----D---"),
        (DeleteWorkgroup,        "C-----D---"),
        (SearchAdmins,           "CVM2R-----"),
        (SearchUsers,            "CVM2R-DAW-"),
        (GetUser,                "CVM2R-DAWo"),
        (ChangeUser,             "CVM2--DAW-"),
        (ChangeUserPassword,     "CVM---DAW-"),
        (ChangeUserBillable,     "C-----D-W-"),
        (CreateUser,             "C-----D-W-"),
        (DeleteUser,             "C-----D-W-"),
        (RestoreUser,            "C-----D-W-"),
        (RenameUser,             "C-----D-W-"),
        (SetRole,                "C-----D---"),
        (AddRole,                "C-----D---"),
        (RemoveRole,             "C-----D---"),
        (LogoutUser,             "CVM2--DAW-"),
        (GetUserSessions,        "CVM2R-DAW-"),
        (EndSessions,            "CVM2--DAW-"),
        (GenerateToken,          "CVM--TD---"),
        (AppPassword,            "CVM---DAW-"),
        (UserDisable2fa,         "CVM---DAW-"),
        (UserNotify,             "CVM2--DAW-"),
        (GetUserFolders,         "CVM2R-DAW-"),
        (GetUserMessages,        "CVM2R-DAW-"),
        (MoveUserMessages,       "CVM2--DAW-"),
        (GetDeletedMessages,     "CVM2R-DAW-"),
        (RestoreDeletedMessages, "CVM2--DAW-"),
        (GetDeletedContacts,     "CVM2R-DAW-"),
        (RestoreDeletedContacts, "CVM2--DAW-"),
        (GetUserAttributeHistory,"CVM2R-DAW-"),
        (GetUserChanges,         "CVM2R-DAW-"),
        (GetSieve,               "CVM2R-DAW-"),
        (SetSieve,               "CVM2--DAW-"),
        (Reindex,                "CVM2--DAW-"),
        (SearchBrands,           "CVM2R-----"),
        (SearchBrandMembers,     "CVM2R-----"),
        (ResetEmailTest,         "C---------"),
        (StatsList,              "CVM2R-----"),
        (StatsSnapshot,          "CVM2R-----"),
        (StatsSummary,           "CVM2R-----"),
        (MigrationAdd,           "C-----D---"),
        (MigrationJobs,          "C-----D---"),
        (MigrationStatus,        "C-----D---"),
        (MigrationTrace,         "C-----D---"),
    ];

    fn letter(role: Role) -> char {
        match role {
            Role::Company => 'C',
            Role::CompanyView => 'V',
            Role::CompanyMail => 'M',
            Role::CompanyMail2 => '2',
            Role::CompanyRo => 'R',
            Role::CompanyTokenOnly => 'T',
            Role::Domain => 'D',
            Role::Mail => 'A',
            Role::Workgroup => 'W',
        }
    }

    #[test]
    fn every_action_and_role() {
        for (index, (action, expected)) in ROWS.iter().enumerate() {
            assert_eq!(*action as usize, index, "{action:?}: a row is missing before it");
            let mut row: String = role::ALL
                .into_iter()
                .map(|role| if action.allowed_for(role) { letter(role) } else { '-' })
                .collect();
            row.push(if action.by_owner() { 'o' } else { '-' });
            assert_eq!(row, *expected, "{action:?}");
        }
        assert_eq!(ROWS.len(), MigrationTrace as usize + 1);
    }
}
