"""The promise, seen from outside: sessions of every kind end, the answer is true, nobody else notices."""

import os
import select
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from posthouse import *


class Session:
    def __init__(self, port, tls, *lines):
        raw = socket.create_connection((HOST, port))
        self.socket = TLS.wrap_socket(raw) if tls else raw
        self.file = self.socket.makefile("rb")
        self.file.readline()
        for line in lines:
            self.say(line)

    def say(self, line):
        command, expected = line
        self.socket.sendall(command.encode() + b"\r\n")
        while True:
            answer = self.file.readline()
            assert answer, f"closed after {command}"
            if answer.startswith(expected.encode()):
                return

    def rest(self):
        """What still comes, and whether the server closed."""
        self.socket.settimeout(5)
        try:
            return self.file.read()
        except ConnectionResetError:
            return b"reset"


def imap(port, tls, name):
    return Session(
        port, tls, (f"a LOGIN {name} {PASSWORD}", "a OK"), ("b SELECT INBOX", "b OK"), ("c IDLE", "+")
    )


def pop3(port, tls, name):
    return Session(port, tls, (f"USER {name}", "+OK"), (f"PASS {PASSWORD}", "+OK"))


def main():
    joe = [imap(IMAP, False, JOE), imap(IMAPS, True, JOE.upper()), imap(IMAPS, True, JOE)]
    joe.append(pop3(POP3S, True, JOE))
    jane = [imap(IMAP, False, JANE), pop3(POP3, False, JANE)]

    answer = logout(JOE)
    assert answer["success"] is True, answer

    for session in joe[:3]:
        rest = session.rest()
        assert rest.startswith(b"* BYE [") and rest.count(b"\r\n") == 1, rest
    assert joe[3].rest().startswith(b"-ERR ["), "POP3"
    deliver(JANE, "are you still there?")
    assert b"EXISTS" in jane[0].file.readline()
    jane[1].say(("NOOP", "+OK"))
    # The owner may come back at once, and his maildrop is free.
    pop3(POP3S, True, JOE).say(("QUIT", "+OK"))
    again = imap(IMAPS, True, JOE)

    # Errors, in the reference's numbers.
    for name, number in (("nobody@example.com", 2), ("x@elsewhere.example", 9), ("", 5)):
        answer = logout(name)
        assert answer["success"] is False and answer["error_number"] == number, (name, answer)
    answer = logout(JANE, caller=JOE)
    assert answer["success"] is False, answer
    ready, _, _ = select.select([again.socket, jane[0].socket], [], [], 0.2)
    assert not ready, "somebody else was touched"


def logout(name, caller=DOMAIN_ADMIN):
    return oma("logout_user", caller, user=name)


main()
