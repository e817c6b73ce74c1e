-- App passwords, tokens for mail, and administrators' logins on behalf of others.

-- Logins with an epoch below these are void: the account's own on behalf of others (with its epoch), and
-- those of administrators on its behalf.
ALTER TABLE account ADD COLUMN behalf_floor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN administrators_floor INTEGER NOT NULL DEFAULT 0;

CREATE TABLE lost_alias (                       -- logins by it with an epoch below this are void
    account INTEGER NOT NULL REFERENCES account,
    alias   TEXT NOT NULL,
    epoch   INTEGER NOT NULL,
    PRIMARY KEY (account, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE app_password (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- sessions carry it: it does not come back
    account INTEGER NOT NULL REFERENCES account,
    tag     TEXT NOT NULL,
    hash    TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (account, tag)
) STRICT;

-- Tokens made before go: they lived for a day at most, were good for the API only, and their hashes cannot
-- be made from theirs. Whoever holds one authenticates again.
DROP TABLE token;
CREATE TABLE token (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,  -- sessions carry it: it does not come back
    hash    TEXT NOT NULL UNIQUE,
    account INTEGER NOT NULL REFERENCES account,
    use_for INTEGER NOT NULL,
    once    INTEGER NOT NULL,                   -- good for one use
    spent   INTEGER NOT NULL DEFAULT 0,         -- it had that use; the session made with it goes on
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX token_by_account ON token (account);
CREATE INDEX token_by_expiry ON token (expires);
