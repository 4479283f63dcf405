#!/usr/bin/env bash
# The house's rules about includes (ARCHITECTURE.md): which folder may see which, which library belongs to which files,
# and that whatever decides is pure: no I/O, clock, randomness or threads but in the files named here.
# First it proves on trees made to be wrong that each rule can fail.
set -u
cd "$(dirname "$0")/.." || exit 1

declare -A sees=(
  [base]="base"
  [crypto]="base crypto"
  [proto]="base crypto proto"
  [net]="base crypto proto net"
  [server]="base crypto proto net server"
  [client]="base crypto proto net client"
  [cli]="base crypto proto net client cli"
  [tui]="base crypto proto net client tui"
)
# The edges: the only files that may do I/O, ask the time or use threads. Whatever is not named here is pure. (The
# server's core may log; randomness comes in as a parameter, crypto/rng.h being the interface.)
edges='src/[a-z_]+\.cc|src/net/.*|src/base/(clock|config|files|locked_memory|log|loop_cpu|process|program|secret|sqlite|syslog)\..*|src/crypto/(key_file|rng)\.cc'
edges+='|src/server/(accounts|confine|control_socket|ctl|ctl_options|daemon|daemon_operations|detach|key_pool|metrics_socket|rights|settings|state_folder|store_sqlite|sockets|user)\..*|src/server/daemon/.*'
edges+='|src/cli/.*|src/client/(dirs|history_search|holder/holder_[a-z]+|link|store|store_[a-z]+|store/[a-z_]+)\..*'
edges+='|src/tui/(app|app/live_commands|config_file|crash|demo|face|fields|front|live|live_store|screen|terminal)\..*'
impure='(unistd|fcntl|poll|termios|pwd|grp|sched|netdb|ifaddrs|syslog|signal|dirent|time|stdio|pthread)\.h|sys/.*'
impure+='|fstream|iostream|filesystem|cstdio|csignal|ctime|random|thread|mutex|condition_variable|future'
impure_own='net/.*|base/(files|loop_cpu|process|program|sqlite)\.h|crypto/key_file\.h'

# "file: header" of each include below $1/src that matches the header pattern $2 in files that do NOT match $3.
outside() {
  (cd "$1" && grep -rEn "^ *# *include *[<\"]($2)[>\"]" src --include='*.cc' --include='*.h' | grep -vE "^($3):")
}

rules() {  # root; prints what is wrong
  local root=$1 layer
  for layer in "${!sees[@]}"; do
    (cd "$root" && grep -rEn '^ *# *include *"[a-z_]+/' "src/$layer" --include='*.cc' --include='*.h' 2>/dev/null |
      grep -vE "include *\"(${sees[$layer]// /|})/" | sed "s|^|$layer may not see that: |")
  done
  (cd "$root" && find src -mindepth 2 -type f | grep -vE "^src/($(tr ' ' '|' <<<"${!sees[*]}"))/" | sed 's|^|unknown layer: |')
  outside "$root" '(cryptopp|crypto\+\+)/.*' 'src/crypto/.*'
  outside "$root" 'rapidjson/.*' 'src/proto/json\.(h|cc)'
  outside "$root" 'uv\.h|uv/.*' 'src/net/.*'
  outside "$root" 'n?curses[a-z]*\.h|(ncursesw?/)?(curses|ncurses|term|panel)\.h' 'src/tui/screen\.(h|cc)'
  outside "$root" 'sqlite3\.h' 'src/base/sqlite\.(h|cc)'
  outside "$root" 'qrencode\.h' 'src/tui/qr\.cc'
  outside "$root" 'seccomp\.h' 'src/server/confine\.cc'
  outside "$root" "$impure" "$edges"
  outside "$root" "$impure_own" "$edges"
  outside "$root" 'base/log\.h' "$edges|src/server/.*"
}

passed=0 failed=0
# A tree with these includes in these files: each must be refused.
bad='src/base/text.cc "crypto/suite.h"
src/proto/json.cc "net/loop.h"
src/server/router.cc "client/core.h"
src/client/core.h "server/core.h"
src/client/model.h "tui/view.h"
src/tui/app.cc "server/core.h"
src/tui/live.cc "cli/output.h"
src/client/store.cc "cli/run.h"
src/other/new.cc "base/bytes.h"
src/proto/handshake.cc <cryptopp/sha.h>
src/proto/message.cc <rapidjson/document.h>
src/server/daemon.cc <uv.h>
src/tui/view.cc <ncurses.h>
src/tui/keys.cc <curses.h>
src/server/session.cc <sqlite3.h>
src/proto/frame.cc <unistd.h>
src/server/limits.cc <thread>
src/tui/panel.cc <qrencode.h>
src/server/detach.cc <seccomp.h>
src/client/outbox.cc "base/files.h"
src/client/core.cc "net/stream.h"
src/client/trust.cc "base/log.h"
src/client/roster.cc "crypto/key_file.h"
src/client/trust.cc "base/sqlite.h"'
tree=$(mktemp -d) && trap 'rm -rf "$tree"' EXIT || exit 1
while read -r file header; do
  mkdir -p "$tree/$(dirname "$file")" && echo "#include $header" >"$tree/$file"
done <<<"$bad"
refused=$(rules "$tree")
while read -r file header; do
  if grep -qF "$file" <<<"$refused"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL the check lets $header into $file"
  fi
done <<<"$bad"

wrong=$(rules .)
if [ -z "$wrong" ]; then
  passed=$((passed + 1))
else
  echo "$wrong"
  echo "FAIL src/ has includes against the rules (above)"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
