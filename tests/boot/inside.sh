#!/bin/bash
# tests/boot.sh runs this inside the booted system: the service as an administrator has it. No unit is enabled when it
# begins. It waits only for events that it can see.
set -u
contrib=/usr/local/share/doc/sims/contrib/systemd
passed=0 failed=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
    echo "ok $2"
  else
    failed=$((failed + 1))
    echo "FAIL $2"
    journalctl -n 15 -o cat -u simsd.service -u simsd.socket
  fi
}
until_it() {  # seconds, command...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}
show() { systemctl show simsd.service -p "$1" --value; }
pid() { show MainPID; }
active() { [ "$(systemctl is-active "$1")" = active ]; }
another_than() { active simsd.service && [ "$(pid)" != "$1" ] && [ "$(pid)" != 0 ]; }
log_in() {  # name, options: exit status 0 only after a login
  local name=$1
  shift
  sims --home "/root/$name" --server 127.0.0.1:7467 --accept-new --name "$name" "$@" list
}
logged() { journalctl -o cat -u simsd.service | grep -q -- "$1"; }
# The user's view from the network: the port takes a connection.
open() { (exec 3<>/dev/tcp/127.0.0.1/7467) 2>/dev/null; }

systemctl daemon-reload
[ -z "$(systemctl --failed --plain --no-legend)" ]
result $? "the system is up, and nothing of it has failed: $(systemctl --failed --plain --no-legend)"

# --- socket activation ------------------------------------------------------------------------------------------------
systemctl enable --quiet simsd.socket simsd.service && systemctl start simsd.socket
! active simsd.service && active simsd.socket
result $? "simsd.socket listens before simsd.service runs"
log_in alice >/dev/null
result $? "the first connection starts the service, and a client logs in"
active simsd.service
result $? "simsd.service is active then"
logged "ready on .*7467"
result $? "the journal says where it listens"
id=$(journalctl -o cat -u simsd.service | sed -n 's/.*ready on .* id \(.*\)/\1/p' | tail -n 1)
[ "$(ps -o user= -p "$(pid)")" != root ] && [ -d /var/lib/private/simsd ] && [ -L /var/lib/simsd ]
result $? "it has a user of its own, and its state is below /var/lib/private"
said=$(systemd-analyze security --no-pager --threshold=5 simsd.service 2>&1)
result $? "systemd-analyze finds an exposure of at most 0.5: ${said##*$'\n'}"

# --- moderation and backup --------------------------------------------------------------------------------------------
simsctl status >/dev/null
result $? "simsctl reaches it"
simsctl backup /var/lib/simsd/copy.db >/dev/null && [ "$(head -c 15 /var/lib/private/simsd/copy.db)" = "SQLite format 3" ]
result $? "simsctl backup, which the service's own user writes"

# --- reload -----------------------------------------------------------------------------------------------------------
before=$(pid)
sed -i '1i registration = "closed"' /etc/simsd.conf  # before any table
simsd --config /etc/simsd.conf --check-config && systemctl reload simsd.service
tries=0
refused() {  # a name that was not registered yet when the reload came late
  tries=$((tries + 1))
  ! log_in "mallory$tries" && log_in alice
}
until_it 30 refused
result $? "after a reload the new configuration holds: a new name is refused, a known one logs in"
[ "$(pid)" = "$before" ]
result $? "a reload is no restart"
sed -i '/^registration/d' /etc/simsd.conf
systemctl reload simsd.service && until_it 30 log_in carol
result $? "and back"

# --- killed, and stopped ----------------------------------------------------------------------------------------------
before=$(pid)
kill -9 "$before"
until_it 60 another_than "$before"
result $? "after kill -9 the service is there again"
until_it 30 log_in alice
result $? "with the accounts that it had"
logged "ready on .* id $id" && [ "$(journalctl -o cat -u simsd.service | grep -c "id $id")" -ge 2 ]
result $? "and with the same identity"
before=$(pid)
kill -STOP "$before"
until_it 120 another_than "$before"
result $? "a simsd that hangs (SIGSTOP) is ended by the watchdog and started again"
logged "Watchdog timeout"
result $? "the journal says that it was the watchdog"
until_it 30 log_in alice
result $? "a client logs in again"

# --- upgrade ----------------------------------------------------------------------------------------------------------
# The restart waits until the connection's attempts go on, so that some fall into it.
knock() {
  local tries=0 closed=0
  while [ ! -e /root/upgraded ]; do
    open || closed=$((closed + 1))
    tries=$((tries + 1))
    echo "$tries $closed" >/root/knocked.new && mv /root/knocked.new /root/knocked
  done
}
knock &
knocking=$!
until_it 30 test -e /root/knocked
before=$(pid)
# As `make install` does: another file of this name.
install /root/simsd.new /usr/local/sbin/simsd && systemctl restart simsd.service
touch /root/upgraded
wait "$knocking"
read -r tries closed </root/knocked
[ "$tries" -gt 0 ] && [ "$closed" = 0 ]
result $? "the port was never closed during an upgrade: $closed of $tries attempts were refused"
[ "$(pid)" != "$before" ] && [[ $(readlink "/proc/$(pid)/exe") != *deleted* ]] && log_in alice >/dev/null
result $? "the new file runs, and a client logs in"

# --- what the examples add --------------------------------------------------------------------------------------------
cp $contrib/simsd-metrics.socket.example /etc/systemd/system/simsd-metrics.socket
systemctl daemon-reload
systemctl restart simsd.service && active simsd-metrics.socket
result $? "the metrics socket starts with the service"
metrics() (
  exec 4<>/dev/tcp/127.0.0.1/9467 || exit
  printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&4
  timeout 10 cat <&4 | grep '^sims_messages_total'
)
until_it 30 metrics
result $? "metrics through simsd-metrics.socket"

systemctl mask --quiet --now simsd.socket
mkdir -p /etc/systemd/system/simsd.service.d
cp $contrib/simsd.service.d/listen.conf.example /etc/systemd/system/simsd.service.d/listen.conf
sed -i '1i listen = ["127.0.0.1:7500"]' /etc/simsd.conf
systemctl daemon-reload
systemctl restart simsd.service
result $? "it starts with the listen drop-in"
own_port() { sims --home /root/alice --server 127.0.0.1:7500 --accept-new --name alice list; }
until_it 30 own_port
result $? "and listens itself, where its configuration says"
! open
result $? "then the socket's port is closed"

# --- the end ----------------------------------------------------------------------------------------------------------
systemctl stop simsd-metrics.socket simsd.service
[ "$(show Result)" = success ]
result $? "it ends in order: $(show Result)"
echo "$passed passed, $failed failed"
