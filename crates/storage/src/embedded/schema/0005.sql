-- Large folders are opened by an outline and what changed since, instead of by all their entries.

CREATE TABLE outline (
    folder  INTEGER PRIMARY KEY,
    mod_seq INTEGER NOT NULL,            -- as of which it is
    uids    BLOB NOT NULL,               -- runs of UIDs, see the module `outline`
    unseen  BLOB NOT NULL                -- of entries without \Seen
) STRICT;

CREATE TRIGGER outline_goes AFTER DELETE ON folder BEGIN
    DELETE FROM outline WHERE folder = OLD.id;
END;
