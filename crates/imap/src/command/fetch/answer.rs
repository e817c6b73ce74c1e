//! Saying FETCH responses (RFC 3501 §7.4.2): small ones together, large ones in parts.

use super::body::{Content, Stored};
use super::plan::Plan;
use crate::error::Failure;
use crate::untagged;
use crate::view::{View, seq_at};
use crate::wire::request::{FetchItem, Section, SectionPart};
use crate::wire::{date_time, fetch as section_name, writer};
use carrier::{Output, Over};
use message::{Structure, write_body, write_bodystructure, write_envelope};
use storage::EntryQuery;

/// This much is collected before it is said.
const SLICE: usize = 32 * 1024;

/// Whether an answer tells the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShowFlags {
    /// If the client asked for them.
    AsAsked,
    /// In any case: they have just changed.
    Always,
}

/// FETCH responses on their way to the client.
///
/// Invariant: what was said but for `line` ends at a seam, unless `in_parts`.
pub(super) struct Answers<'a> {
    output: &'a mut Output,
    line: Vec<u8>,
    /// Where in `line` the answer begins that is being written.
    seam: usize,
    /// Whether the beginning of that answer was said already.
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// All of it is in `line`.
    Collected,
    /// Its beginning is on its way to the client.
    InParts,
}

impl<'a> Answers<'a> {
    pub(super) fn new(output: &'a mut Output) -> Self {
        Self { output, line: Vec::new(), seam: 0, progress: Progress::Collected }
    }

    /// Says what was collected.
    pub(super) async fn finish(mut self) -> Result<(), Over> {
        self.say().await
    }

    /// Puts whole lines between two answers.
    pub(super) fn announce(&mut self, lines: &[u8]) {
        self.line.extend_from_slice(lines);
    }

    /// Answers with a message's UID, as the client knows it.
    pub(super) async fn uid(&mut self, place: usize, view: &View) -> Result<(), Over> {
        let (Some(seq), Some(uid)) = (seq_at(place), view.at(place)) else {
            return Ok(());
        };
        untagged::fetch_head(&mut self.line, seq);
        self.line.extend_from_slice(format!("UID {uid})\r\n").as_bytes());
        self.say_if_much().await
    }

    /// Answers for one message.
    ///
    /// # Errors
    /// If the answer fails before any of it was said, the client is told so and hears nothing of it.
    /// Otherwise there is no way back into step: the dialogue is over.
    pub(super) async fn answer(
        &mut self,
        stored: Stored<'_>,
        plan: &Plan,
        place: usize,
        show_flags: ShowFlags,
    ) -> Result<(), Failure> {
        self.seam = self.line.len();
        self.progress = Progress::Collected;
        match self.write(stored, plan, place, show_flags).await {
            Ok(()) => {}
            Err(Failure::Refused(_)) if self.progress == Progress::InParts => {
                return Err(Over::Left.into());
            }
            Err(failure) => {
                self.line.truncate(self.seam);
                self.say().await?;
                return Err(failure);
            }
        }
        self.progress = Progress::Collected;
        self.seam = self.line.len();
        Ok(self.say_if_much().await?)
    }

    async fn say_if_much(&mut self) -> Result<(), Over> {
        if self.line.len() >= SLICE { self.say().await } else { Ok(()) }
    }

    async fn write(
        &mut self,
        mut stored: Stored<'_>,
        plan: &Plan,
        place: usize,
        show_flags: ShowFlags,
    ) -> Result<(), Failure> {
        let Some(seq) = seq_at(place) else { return Ok(()) };
        let structure = match plan.query() {
            EntryQuery::Plain => None,
            EntryQuery::WithDigest => Some(stored.structure().await?),
        };
        untagged::fetch_head(&mut self.line, seq);
        for (index, item) in plan.items().iter().enumerate() {
            if index > 0 {
                self.line.push(b' ');
            }
            self.write_item(&mut stored, item, structure.as_ref()).await?;
        }
        if show_flags == ShowFlags::Always && !plan.shows_flags() {
            self.line.push(b' ');
            self.write_item(&mut stored, &FetchItem::Flags, None).await?;
        }
        self.line.extend_from_slice(b")\r\n");
        Ok(())
    }

    async fn write_item(
        &mut self,
        stored: &mut Stored<'_>,
        item: &FetchItem,
        structure: Option<&Structure>,
    ) -> Result<(), Failure> {
        let Stored { entry, selected, .. } = *stored;
        let out = &mut self.line;
        let section = |what| Section { path: Vec::new(), what };
        match item {
            FetchItem::Uid => out.extend_from_slice(format!("UID {}", entry.uid).as_bytes()),
            FetchItem::Flags => {
                out.extend_from_slice(b"FLAGS ");
                untagged::flags(out, &entry.flags, selected.view.recent(entry.uid));
            }
            FetchItem::InternalDate => {
                out.extend_from_slice(b"INTERNALDATE ");
                date_time::write(out, entry.internal_date);
            }
            FetchItem::Size => {
                out.extend_from_slice(b"RFC822.SIZE ");
                writer::number(out, entry.blob.size);
            }
            FetchItem::Envelope => write_part(out, b"ENVELOPE ", structure, write_envelope),
            FetchItem::Body => write_part(out, b"BODY ", structure, write_body),
            FetchItem::BodyStructure => {
                write_part(out, b"BODYSTRUCTURE ", structure, write_bodystructure);
            }
            FetchItem::Rfc822 => {
                out.extend_from_slice(b"RFC822 ");
                let whole = Content::Stored(stored.whole());
                self.write_content(stored, whole).await?;
            }
            FetchItem::Rfc822Header => {
                out.extend_from_slice(b"RFC822.HEADER ");
                let content = stored.content(&section(SectionPart::Header), structure).await?;
                self.write_content(stored, content).await?;
            }
            FetchItem::Rfc822Text => {
                out.extend_from_slice(b"RFC822.TEXT ");
                let content = stored.content(&section(SectionPart::Text), structure).await?;
                self.write_content(stored, content).await?;
            }
            FetchItem::Section { section, partial, .. } => {
                section_name::write_section(out, section, partial.map(|(offset, _)| offset));
                out.push(b' ');
                let content = stored.content(section, structure).await?.cut(*partial);
                self.write_content(stored, content).await?;
            }
        }
        Ok(())
    }

    /// Writes a literal, piece by piece.
    async fn write_content(
        &mut self,
        stored: &mut Stored<'_>,
        content: Content,
    ) -> Result<(), Failure> {
        let span = match content {
            Content::Absent => {
                writer::nil(&mut self.line);
                return Ok(());
            }
            Content::Made(bytes) => {
                writer::literal_head(&mut self.line, bytes.len() as u64);
                self.push_text(&bytes);
                return Ok(());
            }
            Content::Stored(span) => span,
        };
        // Announced only when the first bytes are in hand, and the others are sure to be there.
        stored.hold(span).await?;
        let mut chunk = stored.chunk(span).await?;
        writer::literal_head(&mut self.line, span.len());
        let mut left = span;
        loop {
            left.start += chunk.len() as u64;
            self.push_text(&chunk);
            if left.is_empty() {
                return Ok(());
            }
            self.say_part().await?;
            chunk = stored.chunk(left).await?;
        }
    }

    /// A literal cannot hold NUL (RFC 3501 §9, `CHAR8`); what arrived with one shows a question mark.
    fn push_text(&mut self, bytes: &[u8]) {
        let start = self.line.len();
        self.line.extend_from_slice(bytes);
        for byte in &mut self.line[start..] {
            if *byte == 0 {
                *byte = b'?';
            }
        }
    }

    async fn say_part(&mut self) -> Result<(), Over> {
        self.output.room().await?;
        self.output.say_part(&self.line);
        self.output.mark_mail();
        self.line.clear();
        self.seam = 0;
        self.progress = Progress::InParts;
        Ok(())
    }

    async fn say(&mut self) -> Result<(), Over> {
        self.output.room().await?;
        self.output.say(&self.line);
        self.output.mark_mail();
        self.line.clear();
        self.seam = 0;
        Ok(())
    }
}

fn write_part(
    out: &mut Vec<u8>,
    name: &[u8],
    structure: Option<&Structure>,
    write: fn(&Structure, &mut Vec<u8>),
) {
    out.extend_from_slice(name);
    match structure {
        Some(structure) => write(structure, out),
        None => writer::nil(out),
    }
}
