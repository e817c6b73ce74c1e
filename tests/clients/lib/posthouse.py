"""What the Python scripts share: where the demo server is, and who lives there."""

import json
import os
import smtplib
import ssl
import urllib.request

HOST = "127.0.0.1"
BASE = int(os.environ["PORT_BASE"])
IMAP, IMAPS, POP3, POP3S, LMTP, API = (BASE + n for n in (143, 993, 110, 995, 24, 80))
JOE, JANE = "joe_user@example.com", "jane_user@example.com"
DOMAIN_ADMIN, COMPANY_ADMIN = "domain_admin@example.com", "company_admin@demo.adm"
PASSWORD = "pencil75"

TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE


def deliver(to, subject, body="Hello.\r\n", sender="sender@elsewhere.example"):
    with smtplib.LMTP(HOST, LMTP) as lmtp:
        lmtp.sendmail(
            sender,
            [to],
            f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{body}".encode(),
        )


def oma(method, caller=DOMAIN_ADMIN, password=PASSWORD, **fields):
    body = {"credentials": {"user": caller, "password": password}, **fields}
    request = urllib.request.Request(
        f"http://{HOST}:{API}/api/{method}", json.dumps(body).encode()
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)
