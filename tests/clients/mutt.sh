#!/usr/bin/env bash
# mutt on a pretended terminal: opens the inbox, saves a copy of a message, flags it, leaves.
set -euo pipefail
cat > muttrc <<EOF
set folder = "imap://joe_user%40example.com@127.0.0.1:$((PORT_BASE + 143))/"
set spoolfile = "+INBOX"
set imap_user = "joe_user@example.com"
set imap_pass = "pencil75"
set ssl_starttls = no
set ssl_force_tls = no
set header_cache = ""
set confirmcreate = no
set confirmappend = no
set delete = yes
set quit = yes
set wait_key = no
set timeout = 5
push "<first-entry><flag-message><copy-message>+FromMutt<enter><sync-mailbox><quit>"
EOF
export TERM=xterm
timeout 60 script --quiet --return --command 'mutt -n -F muttrc' mutt.log < /dev/null > /dev/null || true
url="imap://127.0.0.1:$((PORT_BASE + 143))"
count=$(curl --silent --user joe_user@example.com:pencil75 "$url/FromMutt?ALL" | tr -dc '0-9 ' | wc -w)
[[ $count == 1 ]] || { echo "mutt did not copy a message: $count"; tail -c 2000 mutt.log; exit 1; }
curl --silent --user joe_user@example.com:pencil75 "$url/INBOX?FLAGGED" | grep -q '[0-9]' || { echo "mutt did not flag a message"; exit 1; }
