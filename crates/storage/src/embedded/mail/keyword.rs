//! Keywords: each folder numbers those its entries carry, and an entry carries numbers.
//!
//! So SELECT's list of keywords is one short read, and entries stay small. A number is given back when
//! the folder's numbers run out and no entry carries it.

use crate::StorageError;
use crate::bounds;
use crate::embedded::fault::damaged;
use crate::embedded::sql;
use rusqlite::{Connection, params};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use terms::{Flags, FolderId, Keyword};

/// The keywords of one folder, read when first needed.
pub(super) struct Keywords<'c> {
    conn: &'c Connection,
    folder: FolderId,
    numbers: OnceCell<Numbers>,
}

#[derive(Default)]
struct Numbers {
    by_number: BTreeMap<u16, Keyword>,
    by_keyword: BTreeMap<Keyword, u16>,
}

/// See [`crate::OpenFolder::keywords`].
pub(super) fn all(conn: &Connection, folder: FolderId) -> Result<Vec<Keyword>, StorageError> {
    Ok(load(conn, folder)?.by_number.into_values().collect())
}

impl<'c> Keywords<'c> {
    /// The keywords of `folder`.
    pub(super) fn new(conn: &'c Connection, folder: FolderId) -> Self {
        Self { conn, folder, numbers: OnceCell::new() }
    }

    fn numbers(&self) -> Result<&Numbers, StorageError> {
        if self.numbers.get().is_none() {
            let _ = self.numbers.set(load(self.conn, self.folder)?);
        }
        self.numbers.get().ok_or_else(|| damaged("keywords were not read"))
    }

    /// The flags of an entry from its columns.
    pub(super) fn flags(&self, bits: u8, numbers: Option<&[u8]>) -> Result<Flags, StorageError> {
        let mut keywords = BTreeSet::new();
        for number in numbers.unwrap_or_default().chunks(2) {
            let number = number.try_into().map(u16::from_le_bytes).map_err(damaged)?;
            let keyword = self.numbers()?.by_number.get(&number);
            let keyword =
                keyword.ok_or_else(|| damaged(format_args!("unknown keyword {number}")))?;
            keywords.insert(keyword.clone());
        }
        Ok(Flags::from_parts(bits, keywords))
    }

    /// The column for an entry with these keywords. New ones get a number.
    pub(super) fn column(
        &mut self,
        keywords: &BTreeSet<Keyword>,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        if keywords.is_empty() {
            return Ok(None);
        }
        let mut numbers = Vec::with_capacity(keywords.len());
        for keyword in keywords {
            let known = self.numbers()?.by_keyword.get(keyword).copied();
            numbers.push(match known {
                Some(number) => number,
                None => self.enter(keyword, &numbers)?,
            });
        }
        numbers.sort_unstable();
        Ok(Some(numbers.into_iter().flat_map(u16::to_le_bytes).collect()))
    }

    /// Gives a new keyword a number. `taken` are about to be used.
    fn enter(&mut self, keyword: &Keyword, taken: &[u16]) -> Result<u16, StorageError> {
        if self.numbers()?.by_number.len() >= bounds::KEYWORDS {
            self.give_back_unused(taken)?;
        }
        let known = self.numbers()?;
        let number = (0..bounds::KEYWORDS as u16).find(|n| !known.by_number.contains_key(n));
        let number = number.ok_or(StorageError::Limit("keywords of a folder"))?;
        sql::run(
            self.conn,
            "INSERT INTO keyword (folder, number, name) VALUES (?1, ?2, ?3)",
            params![sql::int(self.folder.0), number, keyword.as_str()],
        )?;
        if let Some(known) = self.numbers.get_mut() {
            known.by_number.insert(number, keyword.clone());
            known.by_keyword.insert(keyword.clone(), number);
        }
        Ok(number)
    }

    /// Forgets the keywords that no entry carries.
    fn give_back_unused(&mut self, taken: &[u16]) -> Result<(), StorageError> {
        let mut used: BTreeSet<u16> = taken.iter().copied().collect();
        let carried = sql::all(
            self.conn,
            "SELECT DISTINCT keywords FROM entry WHERE folder = ?1 AND keywords IS NOT NULL",
            [sql::int(self.folder.0)],
            |row| Ok(row.get::<_, Vec<u8>>(0)?),
        )?;
        for numbers in carried {
            used.extend(numbers.chunks_exact(2).map(|n| u16::from_le_bytes([n[0], n[1]])));
        }
        let unused: Vec<u16> =
            self.numbers()?.by_number.keys().filter(|n| !used.contains(n)).copied().collect();
        for number in unused {
            sql::run(
                self.conn,
                "DELETE FROM keyword WHERE folder = ?1 AND number = ?2",
                params![sql::int(self.folder.0), number],
            )?;
        }
        self.numbers = OnceCell::new();
        Ok(())
    }
}

fn load(conn: &Connection, folder: FolderId) -> Result<Numbers, StorageError> {
    let rows = sql::all(
        conn,
        "SELECT number, name FROM keyword WHERE folder = ?1",
        [sql::int(folder.0)],
        |row| {
            let name: String = row.get(1)?;
            Ok((row.get::<_, u16>(0)?, Keyword::parse(&name).map_err(damaged)?))
        },
    )?;
    let mut numbers = Numbers::default();
    for (number, keyword) in rows {
        numbers.by_keyword.insert(keyword.clone(), number);
        numbers.by_number.insert(number, keyword);
    }
    Ok(numbers)
}
