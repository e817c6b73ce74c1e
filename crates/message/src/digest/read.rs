//! Digest to structure. Trusts nothing.

use super::{DigestError, VERSION, listed, part_bit};
use crate::address_list::{Correspondent, Listed};
use crate::content_type::{ContentType, Disposition, Parameter};
use crate::structure::{MAX_DEPTH, MAX_PARTS};
use crate::{Content, Envelope, Part, RawText, Span, Structure};

use DigestError::{Malformed, Truncated};

pub(super) fn structure(digest: &[u8]) -> Result<Structure, DigestError> {
    let mut reader = Reader::new(digest)?;
    let structure = reader.structure(0, Span::new(0, u64::MAX), 0)?;
    let starts_at_zero = structure.root.start == 0;
    (starts_at_zero && reader.rest.is_empty()).then_some(structure).ok_or(Malformed)
}

pub(super) fn envelope_alone(digest: &[u8]) -> Result<Envelope, DigestError> {
    Reader::new(digest)?.envelope()
}

pub(super) fn header_alone(digest: &[u8]) -> Result<Span, DigestError> {
    let mut reader = Reader::new(digest)?;
    reader.skip_envelope()?;
    let (start, length) = (reader.number()?, reader.number()?);
    if start == 0 { Ok(Span::new(0, length)) } else { Err(Malformed) }
}

/// A scan stops making parts at [`MAX_PARTS`], but for those it is in the middle of.
const MOST_PARTS: usize = MAX_PARTS + 2 * MAX_DEPTH;

struct Reader<'a> {
    rest: &'a [u8],
    parts: usize,
}

impl<'a> Reader<'a> {
    fn new(digest: &'a [u8]) -> Result<Self, DigestError> {
        match digest {
            [VERSION, rest @ ..] => Ok(Self { rest, parts: 0 }),
            [version, ..] => Err(DigestError::UnknownVersion(*version)),
            [] => Err(Truncated),
        }
    }

    /// A message whose start counts from `parent_start` and which must lie within `bounds`.
    fn structure(
        &mut self,
        parent_start: u64,
        bounds: Span,
        depth: usize,
    ) -> Result<Structure, DigestError> {
        let envelope = self.envelope()?;
        let root = self.part(parent_start, bounds, depth)?;
        Ok(Structure { envelope, root })
    }

    fn envelope(&mut self) -> Result<Envelope, DigestError> {
        let mask = self.number()?;
        if mask >= 1 << 10 {
            return Err(Malformed);
        }
        let there = |bit: u32| mask & 1 << bit != 0;
        Ok(Envelope {
            date: self.text_if(there(0))?,
            subject: self.text_if(there(1))?,
            in_reply_to: self.text_if(there(2))?,
            message_id: self.text_if(there(3))?,
            from: self.addresses_if(there(4))?,
            sender: self.addresses_if(there(5))?,
            reply_to: self.addresses_if(there(6))?,
            to: self.addresses_if(there(7))?,
            cc: self.addresses_if(there(8))?,
            bcc: self.addresses_if(there(9))?,
        })
    }

    /// As [`Reader::envelope`], making nothing of it.
    fn skip_envelope(&mut self) -> Result<(), DigestError> {
        let mask = self.number()?;
        if mask >= 1 << 10 {
            return Err(Malformed);
        }
        for _ in 0..(mask & 0xf).count_ones() {
            self.octets()?;
        }
        for _ in 0..(mask >> 4).count_ones() {
            for _ in 0..self.count()? {
                let texts = match self.octet()? {
                    listed::GROUP_END => 0,
                    listed::GROUP_START => 1,
                    tag if tag & !0xf == listed::ADDRESS => (tag & 0xf).count_ones(),
                    _ => return Err(Malformed),
                };
                for _ in 0..texts {
                    self.octets()?;
                }
            }
        }
        Ok(())
    }

    fn addresses_if(&mut self, there: bool) -> Result<Vec<Listed>, DigestError> {
        if !there {
            return Ok(Vec::new());
        }
        self.some(Self::listed)
    }

    fn listed(&mut self) -> Result<Listed, DigestError> {
        Ok(match self.octet()? {
            listed::GROUP_END => Listed::GroupEnd,
            listed::GROUP_START => Listed::GroupStart(self.text()?),
            tag if tag & !0xf == listed::ADDRESS => Listed::Address(Correspondent {
                name: self.text_if(tag & listed::NAME != 0)?,
                route: self.text_if(tag & listed::ROUTE != 0)?,
                local: self.text_if(tag & listed::LOCAL != 0)?,
                domain: self.text_if(tag & listed::DOMAIN != 0)?,
            }),
            _ => return Err(Malformed),
        })
    }

    /// A part whose start counts from `parent_start` and which must lie within `bounds`.
    fn part(&mut self, parent_start: u64, bounds: Span, depth: usize) -> Result<Part, DigestError> {
        self.parts += 1;
        if self.parts > MOST_PARTS {
            return Err(Malformed);
        }
        let start = parent_start.checked_add(self.number()?).ok_or(Malformed)?;
        let header_length = self.number()?;
        let body_length = self.number()?;
        let body_start = start.checked_add(header_length).ok_or(Malformed)?;
        let end = body_start.checked_add(body_length).ok_or(Malformed)?;
        let lines = self.number()?;
        if !bounds.holds(Span { start, end }) || lines > body_length {
            return Err(Malformed);
        }
        let content_type =
            ContentType { main: self.text()?, sub: self.text()?, parameters: self.parameters()? };

        let mask = self.octet()?;
        if mask & 1 << 7 != 0 {
            return Err(Malformed);
        }
        let mut part = Part {
            start,
            header_length,
            body_length,
            lines,
            content_type,
            id: self.text_if(mask & part_bit::ID != 0)?,
            description: self.text_if(mask & part_bit::DESCRIPTION != 0)?,
            encoding: self.text_if(mask & part_bit::ENCODING != 0)?,
            md5: self.text_if(mask & part_bit::MD5 != 0)?,
            location: self.text_if(mask & part_bit::LOCATION != 0)?,
            disposition: None,
            languages: Vec::new(),
            content: Content::Leaf,
        };
        if mask & part_bit::DISPOSITION != 0 {
            part.disposition =
                Some(Disposition { kind: self.text()?, parameters: self.parameters()? });
        }
        if mask & part_bit::LANGUAGES != 0 {
            part.languages = self.some(Self::text)?;
        }
        part.content = self.content(&part, depth)?;
        Ok(part)
    }

    fn content(&mut self, part: &Part, depth: usize) -> Result<Content, DigestError> {
        let is_multipart = part.content_type.is_multipart();
        if !is_multipart && !part.content_type.is_message() {
            return Ok(Content::Leaf);
        }
        if depth >= MAX_DEPTH {
            return Err(Malformed);
        }
        let mut bounds = part.body();
        if !is_multipart {
            let message = self.structure(part.start, bounds, depth + 1)?;
            return Ok(Content::Message(Box::new(message)));
        }
        let mut children = Vec::new();
        for _ in 0..self.count()? {
            let child = self.part(part.start, bounds, depth + 1)?;
            bounds.start = child.whole().end;
            children.push(child);
        }
        Ok(Content::Multipart(children))
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>, DigestError> {
        let count = self.number()?;
        self.repeat(count, |reader| Ok(Parameter { name: reader.text()?, value: reader.text()? }))
    }

    /// A count, not zero, and so many items.
    fn some<T>(
        &mut self,
        item: impl FnMut(&mut Self) -> Result<T, DigestError>,
    ) -> Result<Vec<T>, DigestError> {
        let count = self.count()?;
        self.repeat(count, item)
    }

    /// Every item takes at least an octet, so a false count ends with the digest.
    fn repeat<T>(
        &mut self,
        count: u64,
        mut item: impl FnMut(&mut Self) -> Result<T, DigestError>,
    ) -> Result<Vec<T>, DigestError> {
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn count(&mut self) -> Result<u64, DigestError> {
        match self.number()? {
            0 => Err(Malformed),
            count => Ok(count),
        }
    }

    fn text_if(&mut self, there: bool) -> Result<Option<RawText>, DigestError> {
        there.then(|| self.text()).transpose()
    }

    fn text(&mut self) -> Result<RawText, DigestError> {
        self.octets().map(RawText::from)
    }

    /// A length, and so many octets.
    fn octets(&mut self) -> Result<&'a [u8], DigestError> {
        let length = usize::try_from(self.number()?).map_err(|_| Truncated)?;
        let (octets, rest) = self.rest.split_at_checked(length).ok_or(Truncated)?;
        self.rest = rest;
        Ok(octets)
    }

    fn number(&mut self) -> Result<u64, DigestError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let bits = u64::from(octet & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Malformed);
            }
            value |= bits << shift;
            if octet & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn octet(&mut self) -> Result<u8, DigestError> {
        let (&octet, rest) = self.rest.split_first().ok_or(Truncated)?;
        self.rest = rest;
        Ok(octet)
    }
}
