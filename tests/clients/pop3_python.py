"""Python's poplib: the whole of RFC 1939 over plain, STLS and TLS."""

import os
import poplib
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from posthouse import *


def life(pop3):
    assert b"Posthouse" in pop3.getwelcome() or pop3.getwelcome().startswith(b"+OK")
    capabilities = pop3.capa()
    for needed in ("TOP", "UIDL", "PIPELINING", "RESP-CODES"):
        assert needed in capabilities, capabilities
    pop3.user(JANE)
    pop3.pass_(PASSWORD)
    count, size = pop3.stat()
    assert count >= 2 and size > 0, (count, size)
    _, listing, _ = pop3.list()
    assert len(listing) == count
    _, uidls, _ = pop3.uidl()
    assert len(set(uidl.split()[1] for uidl in uidls)) == count
    _, lines, octets = pop3.retr(count)
    assert b"..stuffed" not in lines and b".stuffed" in lines, lines
    _, top, _ = pop3.top(count, 1)
    assert len(top) < len(lines)
    pop3.dele(1)
    pop3.rset()
    assert pop3.stat()[0] == count
    pop3.dele(count)
    pop3.quit()
    return count, uidls


def main():
    kinds = [
        lambda: poplib.POP3(HOST, POP3),
        lambda: stls(poplib.POP3(HOST, POP3)),
        lambda: poplib.POP3_SSL(HOST, POP3S, context=TLS),
    ]
    for connect in kinds:
        for _ in range(2):
            deliver(JANE, "for POP3", "first\r\n.stuffed\r\nlast\r\n")
        before, uidls = life(connect())
        pop3 = connect()
        pop3.user(JANE)
        pop3.pass_(PASSWORD)
        assert pop3.stat()[0] == before - 1
        assert pop3.uidl()[1] == uidls[:-1]
        # The maildrop is held: a second session is refused, and told why.
        second = connect()
        second.user(JANE)
        try:
            second.pass_(PASSWORD)
            raise AssertionError("two sessions hold one maildrop")
        except poplib.error_proto as error:
            assert b"[IN-USE]" in error.args[0], error
        # Cut without QUIT: nothing is deleted.
        pop3.dele(1)
        pop3.close()
        pop3 = connect()
        for _ in range(50):
            try:
                pop3.user(JANE)
                pop3.pass_(PASSWORD)
                break
            except poplib.error_proto:
                continue
        assert pop3.stat()[0] == before - 1
        pop3.quit()


def stls(pop3):
    pop3.stls(TLS)
    return pop3


main()
