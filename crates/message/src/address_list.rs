//! Address lists of From, To and their like (RFC 5322 §3.4, obsolete forms of §4.4 included).
//!
//! Nothing is refused: what does not follow the grammar is read the way a person would read it,
//! and parts that are missing stay missing. Display names keep their RFC 2047 words.

use crate::RawText;
use crate::lexer::{Lexer, is_blank};

/// One element of an address list. Groups are flat, as the IMAP envelope shows them: a start, the
/// members, an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// A single address.
    Address(Correspondent),
    /// A group of this name starts.
    GroupStart(RawText),
    /// The group ends. Every start has its end in the same list.
    GroupEnd,
}

/// Who is named by one address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Correspondent {
    /// The display name, or the comment that stands in for it in old mail.
    pub name: Option<RawText>,
    /// The obsolete source route, such as `@a,@b`.
    pub route: Option<RawText>,
    /// The part before the @, without quoting.
    pub local: Option<RawText>,
    /// The part behind the @; literals keep their brackets.
    pub domain: Option<RawText>,
}

/// Reads an unfolded address list. At most `room` elements are made (one more, if a group has to
/// be closed); the rest of the list is ignored.
pub fn parse(value: &[u8], room: usize) -> Vec<Listed> {
    let mut parser = Parser { lexer: Lexer::new(value), list: Vec::new(), in_group: false };
    while parser.list.len() < room && parser.element() {}
    if parser.in_group {
        parser.list.push(Listed::GroupEnd);
    }
    parser.list
}

/// RFC 5321 §4.5.3.1.2.
const LONGEST_DOMAIN: usize = 255;

struct Parser<'a> {
    lexer: Lexer<'a>,
    list: Vec<Listed>,
    in_group: bool,
}

impl Parser<'_> {
    /// Reads one element or one separator; false at the end of the list.
    fn element(&mut self) -> bool {
        let mut words = Words::default();
        let mut comment = None;
        loop {
            let blanks = self.lexer.skip_blanks();
            comment = blanks.comment.or(comment);
            if let Some(word) = self.lexer.quoted() {
                words.push(&word, blanks.any);
                words.quoted = true;
                continue;
            }
            match self.lexer.peek() {
                None => {
                    self.bare(words, comment);
                    return false;
                }
                Some(b',') => {
                    self.lexer.take_one();
                    self.bare(words, comment);
                    return true;
                }
                Some(b';') => {
                    self.lexer.take_one();
                    self.bare(words, comment);
                    self.end_group();
                    return true;
                }
                Some(b'<') => {
                    let name = words.phrase();
                    self.angle(name, comment);
                    return true;
                }
                Some(b'@') => {
                    self.addr_spec(words, comment);
                    return true;
                }
                Some(b':') if !self.in_group && !words.is_empty() => {
                    self.lexer.take_one();
                    self.in_group = true;
                    self.list.push(Listed::GroupStart(words.phrase().unwrap_or_default()));
                    return true;
                }
                // Left over from something broken.
                Some(b':' | b'>') if words.is_empty() => {
                    self.lexer.take_one();
                }
                Some(_) => words.push(self.word(), blanks.any),
            }
        }
    }

    /// A run of octets that separate nothing; at least one octet, so that reading goes on.
    fn word(&mut self) -> &[u8] {
        let start = self.lexer.offset();
        self.lexer.take_one();
        self.lexer.take_while(|octet| !is_blank(octet) && !b",;<@:\"(".contains(&octet));
        self.lexer.since(start)
    }

    fn end_group(&mut self) {
        if self.in_group {
            self.in_group = false;
            self.list.push(Listed::GroupEnd);
        }
    }

    /// Words without any address: a lone atom is a local part, everything else can only be a name.
    fn bare(&mut self, words: Words, comment: Option<Vec<u8>>) {
        if words.is_empty() {
            return;
        }
        let lone = words.run_start == 0 && !words.quoted;
        let (name, local) =
            if lone { (comment.map(RawText::from), words.run()) } else { (words.phrase(), None) };
        self.push(Correspondent { name, local, ..Correspondent::default() });
    }

    /// `local@domain`, standing at the @. Words before the local part can only be a name.
    fn addr_spec(&mut self, words: Words, comment: Option<Vec<u8>>) {
        self.lexer.take_one();
        let (domain, later) = self.domain();
        let comment = later.or(comment);

        // `a@b <a@b>`: an address used as a display name without quoting it.
        if self.lexer.peek() == Some(b'<') {
            let mut name = words.phrase;
            name.push(b'@');
            name.extend_from_slice(&domain);
            self.angle(Some(name.into()), comment);
            return;
        }
        let name = words.before_run().or(comment.map(RawText::from));
        let local = words.run();
        self.push(Correspondent { name, route: None, local, domain: non_empty(domain) });
    }

    /// `<route:local@domain>`, standing at the bracket.
    fn angle(&mut self, name: Option<RawText>, comment: Option<Vec<u8>>) {
        self.lexer.take_one();
        let mut who = Correspondent { name, ..Correspondent::default() };
        let mut comment = self.lexer.skip_blanks().comment.or(comment);

        if matches!(self.lexer.peek(), Some(b'@' | b',')) {
            let route = self.route();
            if self.lexer.take(b':') {
                who.route = non_empty(route);
            } else {
                // `<@domain>`: no route, only the local part is missing.
                who.domain = non_empty(route.trim_ascii_start().get(1..).unwrap_or(&[]).to_vec());
            }
        }

        let mut words = Words::default();
        loop {
            let blanks = self.lexer.skip_blanks();
            comment = blanks.comment.or(comment);
            if let Some(word) = self.lexer.quoted() {
                words.push(&word, blanks.any);
                words.quoted = true;
                continue;
            }
            match self.lexer.peek() {
                None | Some(b'>' | b',' | b';') => break,
                Some(b'@') => {
                    self.lexer.take_one();
                    let (domain, later) = self.domain();
                    who.domain = non_empty(domain);
                    comment = later.or(comment);
                    break;
                }
                Some(_) => {
                    let start = self.lexer.offset();
                    self.lexer.take_one();
                    self.lexer
                        .take_while(|octet| !is_blank(octet) && !b",;<>@\"(".contains(&octet));
                    let word = self.lexer.since(start);
                    words.push(word, blanks.any);
                }
            }
        }
        who.local = if words.run_start == 0 { words.run() } else { words.phrase() };

        self.lexer.take_while(|octet| !b">,;".contains(&octet));
        self.lexer.take(b'>');
        comment = self.skip_trailing().or(comment);
        who.name = who.name.or(comment.map(RawText::from));
        self.push(who);
    }

    /// What stands between a closed address and the next separator means nothing, but for a
    /// comment. Another bracket is another address whose comma was forgotten.
    fn skip_trailing(&mut self) -> Option<Vec<u8>> {
        let mut comment = None;
        loop {
            comment = self.lexer.skip_blanks().comment.or(comment);
            match self.lexer.peek() {
                None | Some(b',' | b';' | b'<') => return comment,
                Some(_) if self.lexer.quoted().is_some() => {}
                Some(_) => {
                    self.lexer.take_one();
                }
            }
        }
    }

    /// `@a,@b` of a route, joined by commas.
    fn route(&mut self) -> Vec<u8> {
        let mut route = Vec::new();
        loop {
            self.lexer.skip_blanks();
            if self.lexer.take(b',') {
                continue;
            }
            if !self.lexer.take(b'@') {
                return route;
            }
            let (domain, _) = self.domain();
            if !route.is_empty() {
                route.push(b',');
            }
            route.push(b'@');
            route.extend_from_slice(&domain);
        }
    }

    /// A domain behind an @, blanks and comments around its dots left out, and the last comment.
    fn domain(&mut self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut domain = Vec::new();
        let mut comment = None;
        loop {
            let blanks = self.lexer.skip_blanks();
            comment = blanks.comment.or(comment);
            let rest = self.lexer.rest();
            let joined = domain.is_empty() || domain.ends_with(b".") || rest.starts_with(b".");
            if blanks.any && !joined {
                return (domain, comment);
            }
            let piece = if is_literal(rest) {
                let start = self.lexer.offset();
                self.lexer.take_while(|octet| octet != b']');
                self.lexer.take_one();
                self.lexer.since(start)
            } else {
                self.lexer.take_while(|octet| !is_blank(octet) && !b",;<>@:\"([".contains(&octet))
            };
            if piece.is_empty() {
                return (domain, comment);
            }
            domain.extend_from_slice(piece);
        }
    }

    fn push(&mut self, who: Correspondent) {
        self.list.push(Listed::Address(who));
    }
}

/// Words in front of a separator. Until it is seen nobody knows whether they are a phrase, where
/// blanks count, or a local part, where they do not.
#[derive(Default)]
struct Words {
    phrase: Vec<u8>,
    /// The last words, as far as only dots hold them together.
    run: Vec<u8>,
    /// Where in `phrase` the run starts.
    run_start: usize,
    quoted: bool,
}

impl Words {
    fn push(&mut self, word: &[u8], spaced: bool) {
        let spaced = spaced && !self.phrase.is_empty();
        if spaced {
            self.phrase.push(b' ');
            if !self.run.ends_with(b".") && !word.starts_with(b".") {
                self.run.clear();
                self.run_start = self.phrase.len();
            }
        }
        self.phrase.extend_from_slice(word);
        self.run.extend_from_slice(word);
    }

    fn is_empty(&self) -> bool {
        self.phrase.is_empty() && !self.quoted
    }

    fn phrase(&self) -> Option<RawText> {
        non_empty(self.phrase.trim_ascii().to_vec())
    }

    /// The run as a local part; quoted it may be empty.
    fn run(&self) -> Option<RawText> {
        (!self.is_empty()).then(|| RawText::from(self.run.as_slice()))
    }

    fn before_run(&self) -> Option<RawText> {
        non_empty(self.phrase[..self.run_start].trim_ascii().to_vec())
    }
}

/// Whether a domain literal starts here. Its end is looked for nearby only: a list of open brackets
/// must not make us read to its end for each of them.
fn is_literal(text: &[u8]) -> bool {
    text.starts_with(b"[") && text.iter().take(LONGEST_DOMAIN).any(|&octet| octet == b']')
}

fn non_empty(text: Vec<u8>) -> Option<RawText> {
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows a list as `name|route|local|domain` per line, groups as `name{` and `}`.
    fn show(list: &[Listed]) -> String {
        let text = |part: &Option<RawText>| match part {
            Some(text) => String::from_utf8_lossy(text.as_bytes()).into_owned(),
            None => "-".to_owned(),
        };
        let line = |listed: &Listed| match listed {
            Listed::Address(who) => {
                [&who.name, &who.route, &who.local, &who.domain].map(text).join("|")
            }
            Listed::GroupStart(name) => format!("{}{{", text(&Some(name.clone()))),
            Listed::GroupEnd => "}".to_owned(),
        };
        list.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn check(value: &str, expected: &str) {
        assert_eq!(show(&parse(value.as_bytes(), 1000)), expected, "{value:?}");
    }

    #[test]
    fn addresses_of_rfc_5322() {
        check("John Doe <jdoe@machine.example>", "John Doe|-|jdoe|machine.example");
        check(
            "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            "Mary Smith|-|mary|x.test\n-|-|jdoe|example.org\nWho?|-|one|y.test",
        );
        check(
            "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
            "-|-|boss|nil.test\nGiant; \"Big\" Box|-|sysservices|example.net",
        );
        check(
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            "A Group{\nEd Jones|-|c|a.test\n-|-|joe|where.test\nJohn|-|jdoe|one.test\n}",
        );
        check("Undisclosed recipients:;", "Undisclosed recipients{\n}");
        check(
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            "Pete|-|pete|silly.test",
        );
        check(
            "A Group(Some people)\t :Chris Jones <c@(Chris's host.)public.example>,\t joe@example.org,\tJohn <jdoe@one.test> (my dear friend); (the end of the group)",
            "A Group{\nChris Jones|-|c|public.example\n-|-|joe|example.org\nJohn|-|jdoe|one.test\n}",
        );
        check(
            "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
            "Hidden recipients{\n}",
        );
        check(
            "Joe Q. Public <john.q.public@example.com>",
            "Joe Q. Public|-|john.q.public|example.com",
        );
        check(
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            "Mary Smith|@node.test|mary|example.net\n-|-|jdoe|test.example",
        );
        check("John Doe <jdoe@machine(comment).  example>", "John Doe|-|jdoe|machine.example");
    }

    #[test]
    fn forms_that_are_correct_but_rare() {
        check("", "");
        check(" , ,, ", "");
        check("user@domain (Real Name)", "Real Name|-|user|domain");
        check("<user@domain> (Real Name)", "Real Name|-|user|domain");
        check("\"foo bar\" <user@domain>", "foo bar|-|user|domain");
        check("\"john doe\"@example.com", "-|-|john doe|example.com");
        check("\"\"@example.com", "-|-||example.com");
        check("user@[192.168.1.1]", "-|-|user|[192.168.1.1]");
        check("<user@[IPv6:::1]>", "-|-|user|[IPv6:::1]");
        check("john . doe @ example . com", "-|-|john.doe|example.com");
        check("<@route@route2:user@domain>", "-|@route,@route2|user|domain");
        check("hello <@route ,@route2:user@domain>", "hello|@route,@route2|user|domain");
        check("=?utf-8?q?J=C3=B6rg?= <j@x>", "=?utf-8?q?J=C3=B6rg?=|-|j|x");
        check("J\u{f6}rg <j@x>", "J\u{f6}rg|-|j|x");
        check("g: a@x, b@y;, h: c@z;", "g{\n-|-|a|x\n-|-|b|y\n}\nh{\n-|-|c|z\n}");
        check("g:;, h: (foo) ;", "g{\n}\nh{\n}");
    }

    #[test]
    fn what_is_broken_is_read_as_meant() {
        check("user", "-|-|user|-");
        check("user (hello)", "hello|-|user|-");
        check("hello <user>", "hello|-|user|-");
        check("John Doe", "John Doe|-|-|-");
        check("\"John Doe\"", "John Doe|-|-|-");
        check("@domain", "-|-|-|domain");
        check("<@domain>", "-|-|-|domain");
        check("<>", "-|-|-|-");
        check("user@", "-|-|user|-");
        check("a@b <a@b>", "a@b|-|a|b");
        check("John Doe a@b", "John Doe|-|a|b");
        check("a@b c@d", "-|-|a|b\n-|-|c|d");
        check("<a@b> <c@d>", "-|-|a|b\n-|-|c|d");
        check("A <a@b> junk, c@d", "A|-|a|b\n-|-|c|d");
        check("A <a@b, c@d", "A|-|a|b\n-|-|c|d");
        check("a@b>, c@d", "-|-|a|b\n-|-|c|d");
        check("a@b; c@d", "-|-|a|b\n-|-|c|d");
        check("\"A <a@b>", "\"A|-|a|b");
        check("A (x <a@b>", "A (x|-|a|b");
        check("<john doe@x>", "-|-|john doe|x");
        check("g: a@b, h: c@d", "g{\n-|-|a|b\nh:|-|c|d\n}");
        check("g: a@b", "g{\n-|-|a|b\n}");
        check("<a@[1.2>", "-|-|a|-");
    }

    #[test]
    fn a_list_ends_where_room_ends() {
        assert_eq!(parse(b"a@b, c@d, e@f", 2).len(), 2);
        assert_eq!(parse(b"a@b", 0), []);
        assert_eq!(show(&parse(b"g: a@b, c@d;", 2)), "g{\n-|-|a|b\n}");
    }

    #[test]
    fn hostile_lists_take_linear_time() {
        for piece in ["\"\\\"", "(", "<", "@", "a<", "g:", "\"", "[", "a@[", "\\", "a (", "(a)"] {
            parse(piece.repeat(60_000).as_bytes(), usize::MAX);
        }
    }
}
