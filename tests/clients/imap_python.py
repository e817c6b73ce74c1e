"""Python's imaplib: the life of a message over plain, STARTTLS and TLS."""

import imaplib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from posthouse import *


def ok(answer, context=""):
    status, data = answer
    assert status == "OK", (context, status, data)
    return data


def life(imap):
    assert "IMAP4REV1" in imap.capabilities, imap.capabilities
    ok(imap.login(JOE, PASSWORD))
    ok(imap.namespace())
    folders = ok(imap.list())
    assert any(b"INBOX" in line for line in folders), folders
    imap.delete("Work/2026")
    imap.delete("Work")
    ok(imap.create("Work/2026"))
    ok(imap.subscribe("Work/2026"))
    assert any(b"Work/2026" in line for line in ok(imap.lsub()))
    message = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Sun, 22 Nov 2026 10:00:00 +0100\r\n\r\nBody line\r\n"
    for _ in range(3):
        data = ok(imap.append("Work/2026", "(\\Flagged)", '"22-Nov-2026 10:00:00 +0100"', message))
        assert b"APPENDUID" in data[0], data
    assert ok(imap.select("Work/2026"))[0] == b"3"
    assert ok(imap.search(None, "FLAGGED"))[0] == b"1 2 3"
    assert ok(imap.search(None, "BODY", '"body LINE"'))[0] == b"1 2 3"
    data = ok(imap.fetch("1", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)])"))
    assert b"ENVELOPE" in data[0][0] and b"22-Nov-2026" in data[0][0], data
    data = ok(imap.fetch("2", "(RFC822)"))
    assert data[0][1] == message, data
    assert b"\\Seen" in ok(imap.fetch("2", "(FLAGS)"))[0]
    data = ok(imap.fetch("3", "(BODY.PEEK[TEXT]<5.4>)"))
    assert data[0][1] == b"line", data
    ok(imap.store("1", "+FLAGS", "(\\Deleted $Label1)"))
    ok(imap.copy("2", "INBOX"))
    ok(imap.uid("MOVE", "3", "INBOX"))
    ok(imap.expunge())
    assert ok(imap.search(None, "ALL"))[0] == b"1"
    status = ok(imap.status("INBOX", "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY RECENT)"))
    assert b"MESSAGES" in status[0], status
    ok(imap.rename("Work/2026", "Work/Old"))
    ok(imap.unselect())
    ok(imap.unsubscribe("Work/2026"))
    ok(imap.delete("Work/Old"))
    ok(imap.noop())
    assert imap.logout()[0] == "BYE"


def main():
    life(imaplib.IMAP4(HOST, IMAP))
    starttls = imaplib.IMAP4(HOST, IMAP)
    starttls.starttls(TLS)
    life(starttls)
    life(imaplib.IMAP4_SSL(HOST, IMAPS, ssl_context=TLS))

    # SASL, a wrong password, and mail that arrives while a folder is open.
    imap = imaplib.IMAP4(HOST, IMAP)
    try:
        imap.login(JOE, "wrong")
        raise AssertionError("a wrong password was accepted")
    except imaplib.IMAP4.error as error:
        assert "AUTHENTICATIONFAILED" in str(error), error
    ok(imap.authenticate("PLAIN", lambda _: f"\0{JANE}\0{PASSWORD}".encode()))
    before = int(ok(imap.select())[0])
    deliver(JANE, "while you look")
    ok(imap.noop())
    assert imap.untagged_responses["EXISTS"][-1] == str(before + 1).encode()
    imap.logout()


main()
