#!/usr/bin/env bash
# `make demo`: a simsd with a temporary state folder and two sims-tui, alice and bob, in two panes of tmux, ready to type.
# Without a terminal, or with SCRIPT=1: a short conversation with the same programs, both screens printed as text; the
# exit status is 0 only if every word arrived. Everything that it starts ends with it.
set -u
cd "$(dirname "$0")/.." || exit 1
bin=$(realpath "${BUILD:-build/release}") || exit 1
deadline=${DEMO_DEADLINE:-60}  # s, for each thing that is waited for

dir=$(mktemp -d "${TMPDIR:-/tmp}/sims-demo.XXXXXX") || exit 1
socket=sims-demo-$$
server=
# shellcheck disable=SC2317 # called by the trap
finish() {
  tmux -L "$socket" kill-server 2>/dev/null
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

die() {
  echo "demo: $*" >&2
  exit 1
}
# Repeat the command until it succeeds; at the deadline name the thing that was awaited.
await() {  # what, command...
  local what=$1 end=$((SECONDS + deadline))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || die "gave up waiting for $what"
    sleep 0.1
  done
}

# --- the server -------------------------------------------------------------------------------------------------------
"$bin/simsd" --state-dir "$dir/simsd" --listen 127.0.0.1:0 --name demo </dev/null >"$dir/simsd.log" 2>&1 &
server=$!
ready() { grep -q '^simsd: ready on ' "$dir/simsd.log" || { ! kill -0 "$server" 2>/dev/null && die "simsd: $(cat "$dir/simsd.log")"; }; }
await "simsd" ready
address=$(sed -n 's/^simsd: ready on \([^ ]*\) .*/\1/p' "$dir/simsd.log")

# --- alice and bob ----------------------------------------------------------------------------------------------------
# They have met this server before, so that no question stands between them and the conversation.
client() { echo "$bin/$1 --home $dir/$2 --server $address --name $2"; }
for who in alice bob; do
  $(client sims $who) --accept-new list >"$dir/list" 2>&1 || die "$who cannot log in: $(cat "$dir/list")"
done
cat >"$dir/tmux.conf" <<'END'
set -g default-terminal screen-256color
set -g mouse on
set -sg escape-time 0
set -g set-titles on
set -g status-right ""
set -g status-left-length 100
set -g status-left "Ctrl-B o: the other one   /accept lets in who wrote   /help   Ctrl-B d ends"
set -g window-status-format ""
set -g window-status-current-format ""
END
unset TMUX
case $(locale charmap 2>/dev/null) in UTF-8) ;; *) export LC_ALL=C.UTF-8 ;; esac
run_tmux() { tmux -L "$socket" -f "$dir/tmux.conf" "$@"; }

if [ -z "${SCRIPT:-}" ] && [ -t 0 ] && [ -t 1 ]; then
  read -r rows columns < <(stty size)
  side=-h
  [ "${columns:-0}" -ge 120 ] || side=-v
  run_tmux new-session -d -s demo -x "${columns:-80}" -y "${rows:-24}" "exec $(client sims-tui alice) --query bob" || die "no tmux"
  run_tmux split-window "$side" -t demo "exec $(client sims-tui bob) --query alice" || die "no second pane"
  run_tmux select-pane -t demo.0
  run_tmux attach-session -t demo
  exit
fi

# --- the same by itself -----------------------------------------------------------------------------------------------
run_tmux new-session -d -s alice -x 80 -y 24 "exec $(client sims-tui alice) --query bob" || die "no tmux"
run_tmux new-session -d -s bob -x 80 -y 24 "exec $(client sims-tui bob) --query alice" || die "no tmux"
run_tmux set -g status off
screen() { run_tmux capture-pane -p -t "$1"; }
shows() { screen "$1" | grep -qF -- "$2"; }
say() {  # from, to, text
  run_tmux send-keys -t "$1" -l "$3" && run_tmux send-keys -t "$1" Enter
  await "$2 to read: $3"$'\n'"$(screen "$2")" shows "$2" "$3"
}
await "alice to see bob" shows alice '[bob]'
await "bob to see alice" shows bob '[alice]'
say alice bob "Hello Bob, can you read this?"
# Alice is a stranger: Bob's client sends nothing back before he accepts her.
run_tmux send-keys -t bob "/accept" Enter
await "the proof that Bob has it" shows alice "+ <alice> Hello Bob"
say bob alice "Yes, but the relay can't."
say alice bob "Nor can it write in your name."
# A + says that the receiver's client proved delivery of the line.
delivered() { screen alice | grep -qE '[+] <alice> Nor can it' && screen bob | grep -qE '[+] <bob> Yes'; }
await "the delivery marks" delivered
for who in alice bob; do
  printf '\n--- %s %s\n' "$who" "$(printf -- '-%.0s' {1..70})"
  screen "$who"
done
echo
echo "demo: every word arrived."
