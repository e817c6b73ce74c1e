//! Flags as a client names them (RFC 3501 §9, `flag`).

use super::lexer::{Lexer, Parsed, is_atom_char};
use terms::{Flags, Keyword, SystemFlag};

/// One list may name this many flags.
const MAX_FLAGS: usize = 200;

/// `flag-list`
pub(super) fn flag_list(lexer: &mut Lexer<'_>) -> Parsed<Flags> {
    lexer.expect(b'(', "Expected a list of flags")?;
    if lexer.eat(b')') {
        return Ok(Flags::default());
    }
    let flags = flags(lexer)?;
    lexer.expect(b')', "Expected a closing parenthesis")?;
    Ok(flags)
}

/// `flag *(SP flag)`, up to the end of the command or list.
pub(super) fn flags(lexer: &mut Lexer<'_>) -> Parsed<Flags> {
    let mut flags = Flags::default();
    for _ in 0..MAX_FLAGS {
        flag(lexer, &mut flags)?;
        if !lexer.eat_separator() {
            return Ok(flags);
        }
    }
    lexer.bad("Too many flags")
}

/// `flag`. `\Recent` is no flag that a client can change (RFC 3501 §2.3.2): it is dropped, as some
/// clients send back what they were told. Other flags of system form do not exist.
fn flag(lexer: &mut Lexer<'_>, flags: &mut Flags) -> Parsed<()> {
    let at = lexer.at();
    if !lexer.eat(b'\\') {
        flags.keywords.insert(keyword(lexer)?);
        return Ok(());
    }
    let name = lexer.word(is_atom_char, "Expected the name of a flag")?;
    let is_name_of = |flag: &SystemFlag| flag.name()[1..].eq_ignore_ascii_case(name);
    match SystemFlag::ALL.into_iter().find(is_name_of) {
        Some(flag) => flags.insert(flag),
        None if name.eq_ignore_ascii_case("Recent") => {}
        None => return lexer.bad_at(at, "Unknown flag"),
    }
    Ok(())
}

/// `flag-keyword`
pub(super) fn keyword(lexer: &mut Lexer<'_>) -> Parsed<Keyword> {
    let at = lexer.at();
    let name = lexer.atom("Expected a flag")?;
    match Keyword::parse(name) {
        Ok(keyword) => Ok(keyword),
        Err(_) => lexer.bad_at(at, "Flag too long"),
    }
}
