#!/usr/bin/env bash
# openssl s_client: TLS at once, STARTTLS and STLS, and what is refused.
set -euo pipefail
talk() { # port, protocol for STARTTLS or "", lines
  local port=$1 start=$2
  shift 2
  { for line in "$@"; do sleep 0.3; printf '%s\r\n' "$line"; done; sleep 0.5; } |
    timeout 20 openssl s_client -quiet -connect "127.0.0.1:$port" ${start:+-starttls "$start"} 2> /dev/null || true
}
talk $((PORT_BASE + 993)) "" 'a LOGIN joe_user@example.com pencil75' 'b LOGOUT' | grep '^b OK' > /dev/null
talk $((PORT_BASE + 143)) imap 'a LOGIN joe_user@example.com pencil75' 'b LOGOUT' | grep '^b OK' > /dev/null
talk $((PORT_BASE + 995)) "" 'USER joe_user@example.com' 'PASS pencil75' 'STAT' 'QUIT' | grep '^+OK [0-9]* [0-9]*' > /dev/null
talk $((PORT_BASE + 110)) pop3 'USER joe_user@example.com' 'PASS pencil75' 'QUIT' | grep '^+OK' > /dev/null
for version in tls1_2 tls1_3; do
  printf 'a LOGOUT\r\n' | timeout 20 openssl s_client -quiet "-$version" -connect "127.0.0.1:$((PORT_BASE + 993))" 2> /dev/null | grep '^\* OK' > /dev/null
done
# Old versions are not spoken.
! printf 'a LOGOUT\r\n' | timeout 20 openssl s_client -quiet -tls1_1 -connect "127.0.0.1:$((PORT_BASE + 993))" 2> /dev/null | grep '^\* OK' > /dev/null
