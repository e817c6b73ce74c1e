//! Checks everything that is kept: the invariants of the engine by recounting in the database, and every blob's bytes.

use super::transaction::Read;
use super::{Postgresql, blob, sql};
use crate::objects::Stored;
use crate::{StorageError, Verification};
use deadpool_postgres::Transaction;
use futures::{StreamExt, TryStreamExt, stream};
use terms::{Address, DomainName, FolderName, Keyword};

/// Blobs looked up at a time.
const BLOBS_AT_ONCE: i64 = 1000;
/// Blobs read side by side.
const SIDE_BY_SIDE: usize = 8;
/// Recounting takes longer than the operations of sessions may.
const PATIENCE: &str =
    "SET LOCAL statement_timeout = '6h'; SET LOCAL idle_in_transaction_session_timeout = '6h'";

/// What must not be: the invariant, and a query that names each offender.
const NEVER: [(&str, &str); 19] = [
    (
        "a folder's counters differ from its entries",
        "SELECT 'folder ' || f.id FROM folder f
         LEFT JOIN (SELECT folder, count(*) AS messages, count(*) FILTER (WHERE flags & 1 = 0) AS unseen,
                           count(*) FILTER (WHERE flags & 8 <> 0) AS deleted, sum(size) AS size
                    FROM entry GROUP BY folder) e ON e.folder = f.id
         WHERE f.messages <> coalesce(e.messages, 0) OR f.unseen <> coalesce(e.unseen, 0)
            OR f.deleted <> coalesce(e.deleted, 0) OR f.size <> coalesce(e.size, 0)",
    ),
    (
        "an entry has a number that its folder has not given yet",
        "SELECT 'folder ' || e.folder || ', UID ' || e.uid FROM entry e JOIN folder f ON f.id = e.folder
         WHERE e.uid >= f.uid_next OR e.mod_seq > f.highest_mod_seq OR e.arrived > e.mod_seq OR e.uid < 1",
    ),
    (
        "an entry carries a keyword that its folder does not know",
        "SELECT 'folder ' || e.folder || ', keyword ' || e.number
         FROM (SELECT DISTINCT folder, unnest(keywords) AS number FROM entry WHERE keywords IS NOT NULL) e
         LEFT JOIN keyword k ON k.folder = e.folder AND k.number = e.number
         WHERE k.number IS NULL",
    ),
    (
        "a folder's record of expunged UIDs is wrong",
        "SELECT 'folder ' || f.id FROM folder f
         WHERE f.expunged_runs <> (SELECT count(*) FROM expunged x WHERE x.folder = f.id)
            OR f.expunged_floor > f.highest_mod_seq
            OR EXISTS (SELECT 1 FROM expunged x WHERE x.folder = f.id
                       AND (x.mod_seq > f.highest_mod_seq OR x.mod_seq <= f.expunged_floor
                            OR x.last_uid >= f.uid_next OR x.first_uid > x.last_uid))",
    ),
    (
        "an expunged UID is still there",
        "SELECT 'folder ' || x.folder || ', UID ' || e.uid FROM expunged x
         JOIN entry e ON e.folder = x.folder AND e.uid BETWEEN x.first_uid AND x.last_uid",
    ),
    (
        "an account's usage differs from its folders",
        "SELECT 'account ' || a.id FROM account a
         LEFT JOIN usage u ON u.account = a.id
         LEFT JOIN (SELECT account, count(*) AS folders, sum(messages) AS messages, sum(size) AS size
                    FROM folder GROUP BY account) f ON f.account = a.id
         WHERE u.account IS NULL OR u.folders <> coalesce(f.folders, 0)
            OR u.messages <> coalesce(f.messages, 0) OR u.bytes <> coalesce(f.size, 0)",
    ),
    (
        "an entry has no blob of its size",
        "SELECT 'folder ' || e.folder || ', UID ' || e.uid
         FROM (SELECT folder, uid, blob, size FROM entry
               UNION ALL SELECT folder, uid, blob, size FROM deleted_entry) e
         LEFT JOIN blob b ON b.id = e.blob
         WHERE b.size IS NULL OR b.size <> e.size",
    ),
    (
        "a blob's references differ from its entries",
        "SELECT 'blob ' || b.id FROM blob b
         LEFT JOIN (SELECT blob, count(*) AS refs
                    FROM (SELECT blob FROM entry UNION ALL SELECT blob FROM deleted_entry) both_kinds
                    GROUP BY blob) e ON e.blob = b.id
         WHERE b.refs <> coalesce(e.refs, 0) OR b.refs < 1",
    ),
    (
        "a blob has a number that was not given yet",
        "SELECT 'blob ' || b.id FROM blob b, blob_number n WHERE b.id < 1 OR b.id >= n.last_value + 1000",
    ),
    (
        "a deleted entry is without its folder or account",
        "SELECT 'deleted entry ' || e.id FROM deleted_entry e
         WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = e.account)
            OR NOT EXISTS (SELECT 1 FROM folder f WHERE f.id = e.folder AND f.account = e.account
                           UNION ALL SELECT 1 FROM deleted_folder d WHERE d.id = e.folder AND d.account = e.account)",
    ),
    (
        "a folder is deleted and is not",
        "SELECT 'folder ' || d.id FROM deleted_folder d WHERE EXISTS (SELECT 1 FROM folder f WHERE f.id = d.id)",
    ),
    (
        "an account has no inbox",
        "SELECT 'account ' || a.id FROM account a
         WHERE NOT EXISTS (SELECT 1 FROM folder f WHERE f.account = a.id AND f.name = 'INBOX')",
    ),
    (
        "a UIDVALIDITY was given twice, or was not given",
        "SELECT 'UIDVALIDITY ' || uid_validity FROM folder GROUP BY uid_validity
         HAVING count(*) > 1 OR uid_validity > (SELECT uid_validity FROM store)",
    ),
    (
        "an account is without its name",
        "SELECT 'account ' || a.id FROM account a WHERE a.deleted IS NULL AND NOT EXISTS
             (SELECT 1 FROM address n WHERE n.account = a.id AND n.address = a.address AND NOT n.is_alias)",
    ),
    (
        "an account has two real names, or a deleted one has names or tokens",
        "SELECT 'account ' || a.id FROM account a
         WHERE (SELECT count(*) FROM address n WHERE n.account = a.id AND NOT n.is_alias) > 1
            OR (a.deleted IS NOT NULL AND (EXISTS (SELECT 1 FROM address n WHERE n.account = a.id)
                OR EXISTS (SELECT 1 FROM token t WHERE t.account = a.id)))",
    ),
    (
        "an epoch is below a floor",
        "SELECT 'account ' || id FROM account WHERE imap_floor > epoch OR pop3_floor > epoch",
    ),
    (
        "a domain is without its name",
        "SELECT 'domain ' || d.id FROM domain d WHERE NOT EXISTS
             (SELECT 1 FROM domain_name n WHERE n.domain = d.id AND n.name = d.name AND NOT n.is_alias)",
    ),
    (
        "a domain's quota differs from its attribute",
        "SELECT 'domain ' || id FROM domain
         WHERE CASE WHEN attributes::json ->> 'quota' ~ '^[0-9]{1,18}$' AND json_typeof(attributes::json -> 'quota') = 'number'
                    THEN quota IS DISTINCT FROM (attributes::json ->> 'quota')::bigint ELSE false END",
    ),
    (
        "a workgroup is missing",
        "SELECT 'account ' || a.id FROM account a WHERE a.deleted IS NULL AND NOT EXISTS
             (SELECT 1 FROM workgroup w WHERE w.domain = a.domain AND w.name = a.workgroup)",
    ),
];

/// Whether a text can be understood.
type Understood = fn(&str) -> bool;

/// What is stored as text: where, and as what.
const WORDS: [(&str, Understood); 4] = [
    ("SELECT address FROM address UNION SELECT address FROM account", |text| {
        Address::parse(text).is_ok_and(|address| address.as_str() == text)
    }),
    ("SELECT name FROM domain_name", |text| {
        DomainName::parse(text).is_ok_and(|name| name.as_str() == text)
    }),
    ("SELECT name FROM folder UNION SELECT name FROM subscription", |text| {
        FolderName::parse(text).is_ok_and(|name| name.as_str() == text)
    }),
    ("SELECT DISTINCT name FROM keyword", |text| Keyword::parse(text).is_ok()),
];

impl Postgresql {
    /// See [`crate::Storage::verify`].
    pub(crate) async fn verify(&self) -> Result<Verification, StorageError> {
        let mut found = Verification::default();
        self.check_rows(&mut found).await?;
        self.check_blobs(&mut found).await?;
        Ok(found)
    }

    /// Recounts, all of it in one picture.
    async fn check_rows(&self, found: &mut Verification) -> Result<(), StorageError> {
        let mut client = self.client().await?;
        let read = Read::begin(&mut client).await?;
        read.tx.batch_execute(PATIENCE).await?;
        for (never, query) in NEVER {
            each_text(&read.tx, query, |offender| {
                found.note(format_args!("{offender}: {never}"));
            })
            .await?;
        }
        for (query, understood) in WORDS {
            each_text(&read.tx, query, |text| {
                if !understood(text) {
                    found.note(format_args!("{text:?} is no such name"));
                }
            })
            .await?;
        }
        let counts = "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM folder), (SELECT count(*) FROM entry)";
        if let Some(row) = sql::one(&read.tx, counts, &[]).await? {
            found.accounts = sql::unsigned(&row, 0)?;
            found.folders = sql::unsigned(&row, 1)?;
            found.entries = sql::unsigned(&row, 2)?;
        }
        Ok(())
    }

    /// Reads every blob, without a transaction, so that writing goes on beside it.
    async fn check_blobs(&self, found: &mut Verification) -> Result<(), StorageError> {
        let mut after = 0;
        loop {
            let client = self.client().await?;
            let rows = sql::all(
                &client,
                "SELECT id, size, checksum FROM blob WHERE id > $1 ORDER BY id LIMIT $2",
                &[&after, &BLOBS_AT_ONCE],
            )
            .await?;
            drop(client);
            let some: Vec<Stored> = rows.iter().map(blob::stored).collect::<Result<_, _>>()?;
            let Some(last) = some.last() else { return Ok(()) };
            after = sql::int(last.number);
            let mut checked = stream::iter(some)
                .map(async |stored| (stored, self.shared.objects.verify(&stored).await))
                .buffer_unordered(SIDE_BY_SIDE);
            while let Some((stored, outcome)) = checked.next().await {
                match outcome {
                    Ok(()) => {
                        found.blobs += 1;
                        found.bytes += stored.size;
                    }
                    Err(StorageError::Corrupt(problem)) => {
                        // It may have gone meanwhile.
                        if self.is_there(&stored).await? {
                            found.note(problem);
                        }
                    }
                    // Not to be reached says nothing about what is kept.
                    Err(error) => return Err(error),
                }
            }
        }
    }

    async fn is_there(&self, stored: &Stored) -> Result<bool, StorageError> {
        let client = self.client().await?;
        let sql = "SELECT 1 FROM blob WHERE id = $1";
        Ok(sql::one(&client, sql, &[&sql::int(stored.number)]).await?.is_some())
    }
}

/// Tells of each row's only column, however many there are.
async fn each_text(
    tx: &Transaction<'_>,
    query: &'static str,
    mut tell: impl FnMut(&str),
) -> Result<(), StorageError> {
    let statement = tx.prepare(query).await?;
    let mut rows = Box::pin(tx.query_raw(&statement, [0_i64; 0]).await?);
    while let Some(row) = rows.try_next().await? {
        tell(sql::column(&row, 0)?);
    }
    Ok(())
}
