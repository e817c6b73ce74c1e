-- The first schema. Times are seconds since 1970 (UTC), sizes bytes. Every number is a bigint, also where fewer bits
-- would do. The numbers that stand for words (kinds, states, roles, uses) are listed in code. Names are compared
-- and sorted by their bytes (COLLATE "C").

CREATE TABLE store (                     -- one row
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    name         text NOT NULL DEFAULT gen_random_uuid()::text,  -- claims the place of the bytes of messages
    owner        bigint NOT NULL DEFAULT 0,  -- which start of the program had the store last
    uid_validity bigint NOT NULL,            -- the last one given to a folder
    sweep_noted  bigint NOT NULL DEFAULT 0,  -- when the last look for objects without rows ended
    sweep_below  bigint NOT NULL DEFAULT 0   -- numbers of blobs below this one were given before that
);
INSERT INTO store (uid_validity) VALUES (least(extract(epoch FROM now())::bigint, 2147483647));

-- Who exists.

CREATE TABLE company (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text COLLATE "C" NOT NULL,
    folded  text COLLATE "C" NOT NULL UNIQUE,    -- the name in lower case
    created bigint NOT NULL
);

CREATE TABLE domain (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text COLLATE "C" NOT NULL UNIQUE,
    company    bigint NOT NULL REFERENCES company,
    disabled   boolean NOT NULL DEFAULT false,
    quota      bigint,                   -- attributes.quota, if that is a number
    attributes text NOT NULL DEFAULT '{}',
    created    bigint NOT NULL
);
CREATE INDEX domain_by_company ON domain (company);

CREATE TABLE domain_name (               -- every domain under its name and its aliases
    name     text COLLATE "C" PRIMARY KEY,
    domain   bigint NOT NULL REFERENCES domain,
    is_alias boolean NOT NULL,
    position bigint NOT NULL             -- the order in which aliases were given
);
CREATE INDEX domain_name_by_domain ON domain_name (domain);

CREATE TABLE workgroup (
    domain   bigint NOT NULL REFERENCES domain,
    position bigint NOT NULL,
    name     text COLLATE "C" NOT NULL,
    PRIMARY KEY (domain, position),
    UNIQUE (domain, name)
);

CREATE TABLE account (
    id                        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain                    bigint NOT NULL REFERENCES domain,
    address                   text COLLATE "C" NOT NULL,
    epoch                     bigint NOT NULL DEFAULT 1,
    imap_floor                bigint NOT NULL DEFAULT 0,
    pop3_floor                bigint NOT NULL DEFAULT 0,
    -- Logins with an epoch below these are void: the account's own on behalf of others (with its epoch), and
    -- those of administrators on its behalf.
    behalf_floor              bigint NOT NULL DEFAULT 0,
    administrators_floor      bigint NOT NULL DEFAULT 0,
    service_imap4             bigint NOT NULL DEFAULT 0,
    service_pop3              bigint NOT NULL DEFAULT 0,
    service_smtpin            bigint NOT NULL DEFAULT 0,
    service_smtprelay         bigint NOT NULL DEFAULT 0,
    service_smtprelay_webmail bigint NOT NULL DEFAULT 0,
    service_webmail           bigint NOT NULL DEFAULT 0,
    quota                     bigint,
    deleted                   bigint,
    created                   bigint NOT NULL,
    login_imap4               bigint,
    login_pop3                bigint,
    kind                      bigint NOT NULL,
    workgroup                 text NOT NULL,
    password                  text,
    role                      bigint,
    role_objects              text,      -- JSON list of names
    former_aliases            text,      -- of a deleted account: JSON list of the aliases it had
    attributes                text NOT NULL DEFAULT '{}'
) WITH (fillfactor = 80);
CREATE INDEX account_by_domain ON account (domain);
CREATE INDEX account_by_deletion ON account (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE address (                   -- every account that is not deleted, under its name and its aliases
    address  text COLLATE "C" PRIMARY KEY,
    account  bigint NOT NULL REFERENCES account,
    is_alias boolean NOT NULL,
    position bigint NOT NULL
);
CREATE INDEX address_by_account ON address (account);

CREATE TABLE lost_alias (                -- logins by it with an epoch below this are void
    account bigint NOT NULL REFERENCES account,
    alias   text COLLATE "C" NOT NULL,
    epoch   bigint NOT NULL,
    PRIMARY KEY (account, alias)
);

CREATE TABLE app_password (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- sessions carry it: it does not come back
    account bigint NOT NULL REFERENCES account,
    tag     text COLLATE "C" NOT NULL,
    hash    text NOT NULL,
    created bigint NOT NULL,
    UNIQUE (account, tag)
);

CREATE TABLE token (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- sessions carry it: it does not come back
    hash    text COLLATE "C" NOT NULL UNIQUE,
    account bigint NOT NULL REFERENCES account,
    use_for bigint NOT NULL,
    once    boolean NOT NULL,                    -- good for one use
    spent   boolean NOT NULL DEFAULT false,      -- it had that use; the session made with it goes on
    expires bigint NOT NULL
);
CREATE INDEX token_by_account ON token (account);
CREATE INDEX token_by_expiry ON token (expires);

CREATE TABLE history (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL REFERENCES account,
    at      bigint NOT NULL,
    actor   text NOT NULL,
    peer    text,
    audit   text,
    action  text NOT NULL,
    detail  text NOT NULL
);
CREATE INDEX history_by_account ON history (account, id);

-- What is kept.

CREATE TABLE usage (                     -- also the lock of an account's mail and logins: see `transaction.rs`
    account  bigint PRIMARY KEY REFERENCES account,
    bytes    bigint NOT NULL DEFAULT 0,
    messages bigint NOT NULL DEFAULT 0,
    folders  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE folder (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account         bigint NOT NULL REFERENCES account,
    name            text COLLATE "C" NOT NULL,
    uid_validity    bigint NOT NULL,
    uid_next        bigint NOT NULL DEFAULT 1,
    highest_mod_seq bigint NOT NULL DEFAULT 1,
    messages        bigint NOT NULL DEFAULT 0,
    unseen          bigint NOT NULL DEFAULT 0,
    deleted         bigint NOT NULL DEFAULT 0,
    size            bigint NOT NULL DEFAULT 0,
    recent_from     bigint NOT NULL DEFAULT 1,
    special_use     bigint,
    expunged_runs   bigint NOT NULL DEFAULT 0,   -- rows in expunged
    expunged_floor  bigint NOT NULL DEFAULT 0,   -- rows up to this mod_seq may be missing from expunged
    UNIQUE (account, name) DEFERRABLE
) WITH (fillfactor = 50);

CREATE TABLE keyword (                   -- the keywords that a folder's entries carry by number
    folder bigint NOT NULL REFERENCES folder,
    number bigint NOT NULL,
    name   text COLLATE "C" NOT NULL,
    PRIMARY KEY (folder, number)
);

CREATE TABLE subscription (
    account bigint NOT NULL REFERENCES account,
    name    text COLLATE "C" NOT NULL,
    PRIMARY KEY (account, name)
);

CREATE SEQUENCE blob_number INCREMENT 1000;      -- each taker has the thousand numbers from its value on

CREATE TABLE blob (                      -- only blobs that some entry, deleted ones included, refers to
    id       bigint PRIMARY KEY,         -- the number in its key
    size     bigint NOT NULL,
    refs     bigint NOT NULL,            -- entries that refer to it
    checksum bytea NOT NULL,             -- blake3 of the bytes
    digest   bytea NOT NULL              -- what `message` made of the bytes
);

CREATE TABLE dead_blob (                 -- blobs without entries, whose bytes are to be removed
    id   bigint PRIMARY KEY,
    size bigint NOT NULL,
    at   bigint NOT NULL                 -- when the last entry went, or was found to be missing
);
CREATE INDEX dead_blob_by_time ON dead_blob (at);

CREATE TABLE entry (
    folder      bigint NOT NULL REFERENCES folder,
    uid         bigint NOT NULL,
    mod_seq     bigint NOT NULL,
    arrived     bigint NOT NULL,         -- the mod_seq with which it came
    flags       bigint NOT NULL,         -- bits of the system flags
    keywords    bigint[],                -- numbers of keywords, ascending; NULL: none
    date        bigint NOT NULL,
    date_offset bigint NOT NULL,         -- minutes east of UTC
    blob        bigint NOT NULL,
    size        bigint NOT NULL,
    PRIMARY KEY (folder, uid)
);
-- Answers "what changed since", and covers the list of UIDs and flags that opening a folder needs.
CREATE INDEX entry_by_change ON entry (folder, mod_seq) INCLUDE (uid, flags);

CREATE TABLE expunged (                  -- runs of consecutive UIDs that went with one change
    folder    bigint NOT NULL REFERENCES folder,
    mod_seq   bigint NOT NULL,
    first_uid bigint NOT NULL,
    last_uid  bigint NOT NULL,
    PRIMARY KEY (folder, mod_seq, first_uid)
);

CREATE TABLE deleted_entry (             -- entries that left their folders, until they are purged
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- known outside: it does not come back
    account     bigint NOT NULL,
    folder      bigint NOT NULL,         -- a row of folder or of deleted_folder
    uid         bigint NOT NULL,         -- the one it had
    at          bigint NOT NULL,         -- when it left
    flags       bigint NOT NULL,
    keywords    text,                    -- their names, with spaces between; NULL: none
    date        bigint NOT NULL,
    date_offset bigint NOT NULL,
    blob        bigint NOT NULL,
    size        bigint NOT NULL
);
CREATE INDEX deleted_entry_by_account ON deleted_entry (account, folder);
CREATE INDEX deleted_entry_by_time ON deleted_entry (at);

CREATE TABLE deleted_folder (            -- names of deleted folders, for the entries they had
    id      bigint PRIMARY KEY,          -- the one it had in folder
    account bigint NOT NULL,
    name    text COLLATE "C" NOT NULL,
    at      bigint NOT NULL              -- when it was deleted
);
CREATE INDEX deleted_folder_by_account ON deleted_folder (account, name);
CREATE INDEX deleted_folder_by_time ON deleted_folder (at);
