//! Keywords: each folder numbers those its entries carry, and an entry carries numbers.
//!
//! So SELECT's list of keywords is one short read, and entries stay small. A number is given back when
//! the folder's numbers run out and no entry carries it.

use crate::postgresql::fault::damaged;
use crate::postgresql::sql;
use crate::postgresql::transaction::Write;
use crate::{StorageError, bounds};
use deadpool_postgres::GenericClient;
use std::collections::{BTreeMap, BTreeSet};
use terms::{Flags, FolderId, Keyword};

/// The keywords of one folder.
#[derive(Clone, Debug)]
pub(crate) struct Keywords {
    folder: FolderId,
    by_number: BTreeMap<i64, Keyword>,
    by_keyword: BTreeMap<Keyword, i64>,
    /// Numbers that this operation gives to entries.
    given: BTreeSet<i64>,
    /// Those of them that are not yet written.
    new: BTreeSet<i64>,
}

impl Keywords {
    /// The keywords of `folder`.
    pub(crate) async fn of(
        conn: &impl GenericClient,
        folder: FolderId,
    ) -> Result<Self, StorageError> {
        let mut keywords = Self::none(folder);
        keywords.load(conn).await?;
        Ok(keywords)
    }

    /// As if it had none: for entries that carry none.
    pub(crate) fn none(folder: FolderId) -> Self {
        let (given, new) = (BTreeSet::new(), BTreeSet::new());
        Self { folder, by_number: BTreeMap::new(), by_keyword: BTreeMap::new(), given, new }
    }

    async fn load(&mut self, conn: &impl GenericClient) -> Result<(), StorageError> {
        let sql = "SELECT number, name FROM keyword WHERE folder = $1";
        for row in sql::all(conn, sql, &[&sql::int(self.folder.0)]).await? {
            let keyword = Keyword::parse(sql::column(&row, 1)?).map_err(damaged)?;
            self.enter(sql::column(&row, 0)?, keyword);
        }
        Ok(())
    }

    fn enter(&mut self, number: i64, keyword: Keyword) {
        self.by_keyword.insert(keyword.clone(), number);
        self.by_number.insert(number, keyword);
    }

    /// See [`crate::OpenFolder::keywords`].
    pub(crate) fn all(self) -> Vec<Keyword> {
        self.by_number.into_values().collect()
    }

    /// The flags of an entry from its columns.
    pub(crate) fn flags(&self, bits: i64, numbers: Option<&[i64]>) -> Result<Flags, StorageError> {
        let bits = u8::try_from(bits).map_err(|_| damaged(format_args!("flags {bits}")))?;
        let keywords = numbers.unwrap_or_default().iter().map(|number| {
            let keyword = self.by_number.get(number).cloned();
            keyword.ok_or_else(|| damaged(format_args!("unknown keyword {number}")))
        });
        Ok(Flags::from_parts(bits, keywords.collect::<Result<_, _>>()?))
    }

    /// The column for an entry with these keywords. New ones get a number, which [`Keywords::write`] has yet to
    /// write. `overwritten`: entries that are about to lose the keywords they have in the database. Refused, it
    /// has given no numbers. `Limit`.
    pub(super) async fn column(
        &mut self,
        write: &Write<'_>,
        keywords: &BTreeSet<Keyword>,
        overwritten: &[i64],
    ) -> Result<Option<Vec<i64>>, StorageError> {
        if keywords.is_empty() {
            return Ok(None);
        }
        let mut numbers = Vec::with_capacity(keywords.len());
        let mut new = Vec::new();
        for keyword in keywords {
            let mut number = self.by_keyword.get(keyword).copied();
            if number.is_none() && self.by_number.len() >= bounds::KEYWORDS {
                self.give_back_unused(write, &numbers, overwritten).await?;
            }
            if number.is_none() {
                number = self.free_number();
                let Some(number) = number else {
                    for number in new {
                        self.forget(number);
                    }
                    return Err(StorageError::Limit("keywords of a folder"));
                };
                self.enter(number, keyword.clone());
                new.push(number);
            }
            numbers.extend(number);
        }
        numbers.sort_unstable();
        self.given.extend(&numbers);
        self.new.extend(new);
        Ok(Some(numbers))
    }

    fn free_number(&self) -> Option<i64> {
        (0..bounds::KEYWORDS as i64).find(|number| !self.by_number.contains_key(number))
    }

    fn forget(&mut self, number: i64) {
        if let Some(keyword) = self.by_number.remove(&number) {
            self.by_keyword.remove(&keyword);
        }
    }

    /// Forgets the keywords that no entry carries or is about to get. `taken` are about to be given.
    async fn give_back_unused(
        &mut self,
        write: &Write<'_>,
        taken: &[i64],
        overwritten: &[i64],
    ) -> Result<(), StorageError> {
        let folder = sql::int(self.folder.0);
        let carried = sql::all(
            &write.tx,
            "SELECT DISTINCT unnest(keywords) FROM entry
             WHERE folder = $1 AND keywords IS NOT NULL AND uid <> ALL ($2)",
            &[&folder, &overwritten],
        )
        .await?;
        let mut used: BTreeSet<i64> = self.given.iter().chain(taken).copied().collect();
        for row in &carried {
            used.insert(sql::column(row, 0)?);
        }
        let unused: Vec<i64> =
            self.by_number.keys().filter(|number| !used.contains(number)).copied().collect();
        let sql = "DELETE FROM keyword WHERE folder = $1 AND number = ANY ($2)";
        sql::run(&write.tx, sql, &[&folder, &unused]).await?;
        for number in unused {
            self.forget(number);
        }
        Ok(())
    }

    /// Writes down the new ones.
    pub(super) async fn write(&mut self, write: &Write<'_>) -> Result<(), StorageError> {
        if self.new.is_empty() {
            return Ok(());
        }
        let new = self.new.iter().filter_map(|number| Some((*number, self.by_number.get(number)?)));
        let (numbers, names): (Vec<i64>, Vec<&str>) =
            new.map(|(number, keyword)| (number, keyword.as_str())).unzip();
        sql::run(
            &write.tx,
            "INSERT INTO keyword (folder, number, name) SELECT $1::bigint, * FROM unnest($2::bigint[], $3::text[])",
            &[&sql::int(self.folder.0), &numbers, &names],
        )
        .await?;
        self.new.clear();
        Ok(())
    }
}
