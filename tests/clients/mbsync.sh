#!/usr/bin/env bash
# mbsync (isync): a whole account to a Maildir and back; the second run finds nothing to do.
set -euo pipefail
cat > mbsyncrc <<EOF
IMAPStore posthouse
Host 127.0.0.1
Port $((PORT_BASE + 143))
User jane_user@example.com
Pass pencil75
SSLType None
AuthMechs LOGIN

MaildirStore local
Path ./mail/
Inbox ./mail/INBOX
SubFolders Verbatim

Channel all
Far :posthouse:
Near :local:
Patterns *
Create Both
Expunge Both
SyncState *
EOF
mkdir -p mail
mbsync -c mbsyncrc -a
ls mail/INBOX/cur mail/INBOX/new | grep -q . || { echo "nothing arrived"; exit 1; }

# Something of ours goes up, a flag changes, and the next run carries both.
printf 'From: jane_user@example.com\nSubject: made here\n\nHello.\n' > mail/INBOX/cur/1795348800.1.here:2,S
mbsync -c mbsyncrc -a
curl --silent --user jane_user@example.com:pencil75 "imap://127.0.0.1:$((PORT_BASE + 143))/INBOX?SUBJECT%20%22made%20here%22" | grep -q '[0-9]'

# What both sides hold, names and counters: the second run must not change anything.
picture() {
  find mail -type f \( -path '*/cur/*' -o -path '*/new/*' \) | sort
  for folder in INBOX Drafts Sent Spam Trash; do
    curl --silent --user jane_user@example.com:pencil75 "imap://127.0.0.1:$((PORT_BASE + 143))/" \
      -X "STATUS $folder (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)"
  done
}
before=$(picture)
mbsync -c mbsyncrc -a
after=$(picture)
[[ $before == "$after" ]] || { echo "the second run changed something"; diff <(echo "$before") <(echo "$after"); exit 1; }
