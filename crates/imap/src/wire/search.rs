//! SEARCH's arguments: charset and keys (RFC 3501 §6.4.4, §9).

use super::date_time::date;
use super::flags::keyword;
use super::lexer::{Lexer, Parsed};
use super::request::{Day, SearchKey, Text};
use super::sequence_set::{self, sequence_set};
use terms::SystemFlag;

/// Keys may be nested this deep.
const MAX_DEPTH: usize = 50;

/// One command may have this many keys, at all depths.
const MAX_KEYS: usize = 1_000;

/// `[SP "CHARSET" SP astring] 1*(SP search-key)`, up to the end of the command.
pub(super) fn search_program(lexer: &mut Lexer<'_>) -> Parsed<(Option<String>, Vec<SearchKey>)> {
    lexer.space()?;
    let mut charset = None;
    if lexer.eat_word("CHARSET") {
        lexer.space()?;
        let name = lexer.astring("Expected a charset")?;
        charset = Some(String::from_utf8_lossy(&name).to_ascii_uppercase());
        lexer.space()?;
    }
    let mut program = Program { lexer, keys: 0 };
    let mut keys = vec![program.key(0)?];
    while program.lexer.eat_separator() {
        keys.push(program.key(0)?);
    }
    Ok((charset, keys))
}

struct Program<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    /// How many there were so far.
    keys: usize,
}

impl<'a> Program<'_, 'a> {
    /// `search-key`, inside of `depth` others.
    fn key(&mut self, depth: usize) -> Parsed<SearchKey> {
        if depth > MAX_DEPTH {
            return self.lexer.bad("Search keys nested too deep");
        }
        if self.keys == MAX_KEYS {
            return self.lexer.bad("Too many search keys");
        }
        self.keys += 1;
        match self.lexer.peek() {
            Some(b'(') => self.list(depth),
            Some(byte) if sequence_set::starts_with(byte) => {
                Ok(SearchKey::Sequence(sequence_set(self.lexer)?))
            }
            _ => self.named_key(depth),
        }
    }

    /// `"(" search-key *(SP search-key) ")"`
    fn list(&mut self, depth: usize) -> Parsed<SearchKey> {
        self.lexer.expect(b'(', "Expected a list of search keys")?;
        let mut keys = vec![self.key(depth + 1)?];
        while self.lexer.eat(b' ') {
            keys.push(self.key(depth + 1)?);
        }
        self.lexer.expect(b')', "Expected a space or a closing parenthesis")?;
        Ok(SearchKey::And(keys))
    }

    fn named_key(&mut self, depth: usize) -> Parsed<SearchKey> {
        let at = self.lexer.at();
        let name = self.lexer.word(|byte| byte.is_ascii_alphabetic(), "Expected a search key")?;
        let key = match name.to_ascii_uppercase().as_str() {
            "ALL" => SearchKey::All,
            "ANSWERED" => SearchKey::Flag(SystemFlag::Answered),
            "DELETED" => SearchKey::Flag(SystemFlag::Deleted),
            "DRAFT" => SearchKey::Flag(SystemFlag::Draft),
            "FLAGGED" => SearchKey::Flag(SystemFlag::Flagged),
            "SEEN" => SearchKey::Flag(SystemFlag::Seen),
            "UNANSWERED" => SearchKey::NotFlag(SystemFlag::Answered),
            "UNDELETED" => SearchKey::NotFlag(SystemFlag::Deleted),
            "UNDRAFT" => SearchKey::NotFlag(SystemFlag::Draft),
            "UNFLAGGED" => SearchKey::NotFlag(SystemFlag::Flagged),
            "UNSEEN" => SearchKey::NotFlag(SystemFlag::Seen),
            "NEW" => SearchKey::New,
            "OLD" => SearchKey::Old,
            "RECENT" => SearchKey::Recent,
            "KEYWORD" => SearchKey::Keyword(self.after_space(keyword)?),
            "UNKEYWORD" => SearchKey::NotKeyword(self.after_space(keyword)?),
            "BEFORE" => SearchKey::Before(self.day()?),
            "ON" => SearchKey::On(self.day()?),
            "SINCE" => SearchKey::Since(self.day()?),
            "SENTBEFORE" => SearchKey::SentBefore(self.day()?),
            "SENTON" => SearchKey::SentOn(self.day()?),
            "SENTSINCE" => SearchKey::SentSince(self.day()?),
            "LARGER" => SearchKey::Larger(self.after_space(Lexer::long_number)?),
            "SMALLER" => SearchKey::Smaller(self.after_space(Lexer::long_number)?),
            "BCC" => SearchKey::Header(b"Bcc".to_vec(), self.text()?),
            "CC" => SearchKey::Header(b"Cc".to_vec(), self.text()?),
            "FROM" => SearchKey::Header(b"From".to_vec(), self.text()?),
            "SUBJECT" => SearchKey::Header(b"Subject".to_vec(), self.text()?),
            "TO" => SearchKey::Header(b"To".to_vec(), self.text()?),
            "HEADER" => SearchKey::Header(self.text()?, self.text()?),
            "BODY" => SearchKey::Body(self.text()?),
            "TEXT" => SearchKey::Text(self.text()?),
            "UID" => SearchKey::Uid(self.after_space(sequence_set)?),
            "NOT" => SearchKey::Not(self.inner_key(depth)?),
            "OR" => SearchKey::Or(self.inner_key(depth)?, self.inner_key(depth)?),
            _ => return self.lexer.bad_at(at, "Unknown search key"),
        };
        Ok(key)
    }

    fn inner_key(&mut self, depth: usize) -> Parsed<Box<SearchKey>> {
        self.lexer.space()?;
        self.key(depth + 1).map(Box::new)
    }

    fn after_space<T>(&mut self, argument: impl Fn(&mut Lexer<'a>) -> Parsed<T>) -> Parsed<T> {
        self.lexer.space()?;
        argument(self.lexer)
    }

    fn text(&mut self) -> Parsed<Text> {
        self.after_space(|lexer| lexer.astring("Expected a string"))
    }

    fn day(&mut self) -> Parsed<Day> {
        self.after_space(date)
    }
}
