-- What left folders stays for a while, to be brought back; and blobs can move to other segments.

CREATE TABLE deleted_entry (             -- entries that left their folders, until they are purged
    id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- known outside: it does not come back
    account     INTEGER NOT NULL,
    folder      INTEGER NOT NULL,        -- a row of folder or of deleted_folder
    uid         INTEGER NOT NULL,        -- the one it had
    at          INTEGER NOT NULL,        -- when it left
    flags       INTEGER NOT NULL,
    keywords    TEXT,                    -- their names, with spaces between; NULL: none
    date        INTEGER NOT NULL,
    date_offset INTEGER NOT NULL,
    segment     INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    size        INTEGER NOT NULL
) STRICT;
CREATE INDEX deleted_entry_by_account ON deleted_entry (account, folder);
CREATE INDEX deleted_entry_by_time ON deleted_entry (at);

CREATE TABLE deleted_folder (            -- names of deleted folders, for the entries they had
    id      INTEGER PRIMARY KEY,         -- the one it had in folder
    account INTEGER NOT NULL,
    name    TEXT NOT NULL,
    at      INTEGER NOT NULL             -- when it was deleted
) STRICT;
CREATE INDEX deleted_folder_by_account ON deleted_folder (account, name);
CREATE INDEX deleted_folder_by_time ON deleted_folder (at);

CREATE INDEX account_by_deletion ON account (deleted) WHERE deleted IS NOT NULL;

-- A blob keeps the segment and offset that entries know it by. After a move its bytes are elsewhere:
-- `segment`'s counts are of where the bytes are.
ALTER TABLE blob ADD COLUMN at_segment INTEGER;
ALTER TABLE blob ADD COLUMN at_offset INTEGER;
CREATE INDEX blob_moved ON blob (at_segment, at_offset) WHERE at_segment IS NOT NULL;
