#!/usr/bin/env bash
# curl as IMAP, POP3 and API client.
set -euo pipefail
joe=joe_user@example.com:pencil75
get() { curl --silent --show-error --fail --insecure --max-time 20 "$@"; }

get --user "$joe" "imap://127.0.0.1:$((PORT_BASE + 143))/" | grep > /dev/null INBOX
get --user "$joe" "imaps://127.0.0.1:$((PORT_BASE + 993))/" | grep > /dev/null INBOX
get --ssl-reqd --user "$joe" "imap://127.0.0.1:$((PORT_BASE + 143))/INBOX?ALL" | grep > /dev/null SEARCH
printf 'From: a@b.example\r\nSubject: by curl\r\n\r\nHello.\r\n' > message.eml
get --user "$joe" -T message.eml "imaps://127.0.0.1:$((PORT_BASE + 993))/INBOX"
uid=$(get --user "$joe" "imaps://127.0.0.1:$((PORT_BASE + 993))/INBOX?SUBJECT%20curl" | tr -dc '0-9 ' | awk '{print $NF}')
get --user "$joe" "imaps://127.0.0.1:$((PORT_BASE + 993))/INBOX;UID=$uid" | cmp - message.eml

get --user "$joe" "pop3://127.0.0.1:$((PORT_BASE + 110))/" | grep > /dev/null '^1 '
get --user "$joe" --ssl-reqd "pop3://127.0.0.1:$((PORT_BASE + 110))/1" | grep -qi '^subject:'
get --user "$joe" "pop3s://127.0.0.1:$((PORT_BASE + 995))/1" | grep -qi '^subject:'

answer=$(get "http://127.0.0.1:$((PORT_BASE + 80))/api/logout_user" \
  -d '{"credentials":{"user":"domain_admin@example.com","password":"pencil75"},"user":"joe_user@example.com"}')
[[ $answer =~ ^\{\"success\":true,\ \"audit\":\"[a-z]+[0-9]{2}_[0-9a-f]+\"\}$ ]] || { echo "unexpected: $answer"; exit 1; }
# Headers are written in title case; an unknown method is 404, broken JSON is 400.
get --include "http://127.0.0.1:$((PORT_BASE + 80))/api/echo" -d '{}' | grep > /dev/null '^Content-Type: application/json'
status() { curl --silent --output /dev/null --write-out '%{http_code}' "$@"; }
[[ $(status "http://127.0.0.1:$((PORT_BASE + 80))/api/no_such_method" -d '{}') == 404 ]]
[[ $(status "http://127.0.0.1:$((PORT_BASE + 80))/api/echo" -d '{') == 400 ]]
