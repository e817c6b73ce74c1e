-- The first schema. Times are seconds since 1970 (UTC), sizes bytes, booleans 0 or 1.
-- The numbers that stand for words (kinds, states, roles, uses) are listed in code beside their reader.

CREATE TABLE counter (
    name  TEXT PRIMARY KEY,              -- 'uid_validity': the last one given to a folder
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who exists.

CREATE TABLE company (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT NOT NULL,
    folded  TEXT NOT NULL UNIQUE,        -- the name in lower case
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE domain (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    company    INTEGER NOT NULL REFERENCES company,
    disabled   INTEGER NOT NULL DEFAULT 0,
    quota      INTEGER,                  -- attributes.quota, if that is a number
    attributes TEXT NOT NULL DEFAULT '{}',
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX domain_by_company ON domain (company);

CREATE TABLE domain_name (               -- every domain under its name and its aliases
    name     TEXT PRIMARY KEY,
    domain   INTEGER NOT NULL REFERENCES domain,
    is_alias INTEGER NOT NULL,
    position INTEGER NOT NULL            -- the order in which aliases were given
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_name_by_domain ON domain_name (domain);

CREATE TABLE workgroup (
    domain   INTEGER NOT NULL REFERENCES domain,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (domain, position),
    UNIQUE (domain, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id                        INTEGER PRIMARY KEY AUTOINCREMENT,
    domain                    INTEGER NOT NULL REFERENCES domain,
    address                   TEXT NOT NULL,
    epoch                     INTEGER NOT NULL DEFAULT 1,
    imap_floor                INTEGER NOT NULL DEFAULT 0,
    pop3_floor                INTEGER NOT NULL DEFAULT 0,
    service_imap4             INTEGER NOT NULL DEFAULT 0,
    service_pop3              INTEGER NOT NULL DEFAULT 0,
    service_smtpin            INTEGER NOT NULL DEFAULT 0,
    service_smtprelay         INTEGER NOT NULL DEFAULT 0,
    service_smtprelay_webmail INTEGER NOT NULL DEFAULT 0,
    service_webmail           INTEGER NOT NULL DEFAULT 0,
    quota                     INTEGER,
    deleted                   INTEGER,
    created                   INTEGER NOT NULL,
    login_imap4               INTEGER,
    login_pop3                INTEGER,
    kind                      INTEGER NOT NULL,
    workgroup                 TEXT NOT NULL,
    password                  TEXT,
    role                      INTEGER,
    role_objects              TEXT,      -- JSON list of names
    former_aliases            TEXT,      -- of a deleted account: JSON list of the aliases it had
    attributes                TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX account_by_domain ON account (domain);

CREATE TABLE address (                   -- every account that is not deleted, under its name and its aliases
    address  TEXT PRIMARY KEY,
    account  INTEGER NOT NULL REFERENCES account,
    is_alias INTEGER NOT NULL,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX address_by_account ON address (account);

CREATE TABLE token (
    hash    TEXT PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account,
    use_for INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_account ON token (account);
CREATE INDEX token_by_expiry ON token (expires);

CREATE TABLE history (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES account,
    at      INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    peer    TEXT,
    audit   TEXT,
    action  TEXT NOT NULL,
    detail  TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_account ON history (account);

-- What is kept.

CREATE TABLE usage (                     -- apart from account: small rows that every delivery touches
    account  INTEGER PRIMARY KEY REFERENCES account,
    bytes    INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    folders  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE folder (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account         INTEGER NOT NULL REFERENCES account,
    name            TEXT NOT NULL,
    uid_validity    INTEGER NOT NULL,
    uid_next        INTEGER NOT NULL DEFAULT 1,
    highest_mod_seq INTEGER NOT NULL DEFAULT 1,
    messages        INTEGER NOT NULL DEFAULT 0,
    unseen          INTEGER NOT NULL DEFAULT 0,
    deleted         INTEGER NOT NULL DEFAULT 0,
    size            INTEGER NOT NULL DEFAULT 0,
    recent_from     INTEGER NOT NULL DEFAULT 1,
    special_use     INTEGER,
    expunged_runs   INTEGER NOT NULL DEFAULT 0,  -- rows in expunged
    expunged_floor  INTEGER NOT NULL DEFAULT 0,  -- rows up to this mod_seq may be missing from expunged
    UNIQUE (account, name)
) STRICT;

CREATE TABLE keyword (                   -- the keywords that a folder's entries carry by number
    folder INTEGER NOT NULL REFERENCES folder,
    number INTEGER NOT NULL,
    name   TEXT NOT NULL,
    PRIMARY KEY (folder, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
    account INTEGER NOT NULL REFERENCES account,
    name    TEXT NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    folder      INTEGER NOT NULL REFERENCES folder,
    uid         INTEGER NOT NULL,
    mod_seq     INTEGER NOT NULL,
    arrived     INTEGER NOT NULL,        -- the mod_seq with which it came
    flags       INTEGER NOT NULL,        -- bits of the system flags
    keywords    BLOB,                    -- numbers of keywords, 2 bytes each, little-endian, ascending; NULL: none
    date        INTEGER NOT NULL,
    date_offset INTEGER NOT NULL,        -- minutes east of UTC
    segment     INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    size        INTEGER NOT NULL,
    PRIMARY KEY (folder, uid)
) STRICT, WITHOUT ROWID;
-- Answers "what changed since", and covers the list of UIDs and flags that opening a folder needs.
CREATE INDEX entry_by_change ON entry (folder, mod_seq, flags);

CREATE TABLE expunged (                  -- runs of consecutive UIDs that went with one change
    folder    INTEGER NOT NULL REFERENCES folder,
    mod_seq   INTEGER NOT NULL,
    first_uid INTEGER NOT NULL,
    last_uid  INTEGER NOT NULL,
    PRIMARY KEY (folder, mod_seq, first_uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE blob (                      -- only blobs that some entry refers to
    segment  INTEGER NOT NULL,
    offset   INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    refs     INTEGER NOT NULL,           -- entries that refer to it
    checksum BLOB NOT NULL,              -- blake3 of the bytes
    digest   BLOB NOT NULL,              -- what `message` made of the bytes
    PRIMARY KEY (segment, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (                   -- segments that hold blobs
    number     INTEGER PRIMARY KEY,
    live_blobs INTEGER NOT NULL,
    live_bytes INTEGER NOT NULL
) STRICT;
