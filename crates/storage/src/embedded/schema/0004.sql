-- Entries that are marked for removal, so that EXPUNGE need not look at all of a large folder.

CREATE INDEX entry_marked ON entry (folder, uid) WHERE flags & 8 <> 0;
