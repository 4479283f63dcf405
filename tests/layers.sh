#!/usr/bin/env bash
# The house's rules about includes (ARCHITECTURE.md): which room may see which (src/rooms.mk), which files may use which
# library, and purity: no I/O, clock, randomness or threads except in the files named here. And no two types of one name.
# First it proves on trees made to be wrong that each rule can fail.
set -u
cd "$(dirname "$0")/.." || exit 1

# --- the rooms, of src/rooms.mk ---------------------------------------------------------------------------------------
declare -A sees reaches
rooms=() passed=0 failed=0
while read -r room allowed; do
  rooms+=("$room")
  sees[$room]=$room
  reaches[$room]=$room
  for word in $allowed; do
    other=${word%+}
    if [ -z "${reaches[$other]:-}" ]; then
      echo "FAIL src/rooms.mk: $room may see $other, which is no room above it: a circle, or a misspelt name"
      exit 1
    fi
    [ "$word" = "$other" ] && sees[$room]+=" $other" || sees[$room]+=" ${sees[$other]}"
    reaches[$room]+=" ${reaches[$other]}"
  done
done < <(sed -nE 's/^sees_([a-z/]+) :=(.*)/\1 \2/p' src/rooms.mk)

# --- the edges --------------------------------------------------------------------------------------------------------
# The only files that may do I/O, ask the time or use threads. (The relay may log; randomness comes in as a parameter,
# crypto/rng.h being the interface.)
edges='src/[a-z_]+\.cc|src/(net|os|ctl|cli|server/daemon|client/link)/.*'
edges+='|src/base/(clock|locked_memory|secret)\..*|src/crypto/(key_file|rng)\.cc|src/server/accounts/(accounts|sqlite_accounts|state_dir)\..*'
edges+='|src/client/holder/holder_[a-z]+\..*|src/client/store/(check|check_schedule|derivation|health|history_search|history_table|legacy_files|locking|mail_letters|mail_sessions|mail_table|pending_rows|pin_table|schema|secret_table|store|store_mail|store_file|store_parts|store_transaction|store_use|text_names|vault)\..*'
edges+='|src/server/mailbox/(mail_file|mail_letters|mail_prekeys|mail_database|mail_rescue|mail_changes|sqlite_mailbox|mailbox_threads)\..*'
edges+='|src/tui/term/(crash|screen|terminal)\..*|src/tui/app/(app|config_file|demo_session|display|live_[a-z]+|session)\..*'
impure='(unistd|fcntl|poll|termios|pwd|grp|sched|netdb|ifaddrs|syslog|signal|dirent|time|stdio|pthread)\.h|sys/.*'
impure+='|fstream|iostream|filesystem|cstdio|csignal|ctime|random|thread|mutex|condition_variable|future'
impure_own='net/.*|os/(files|cpu_affinity|process|program|semaphore|sqlite)\.h|crypto/key_file\.h'

# "file:line: header" of each include below $1/src that matches the header pattern $2 in files that do NOT match $3.
outside() {
  (cd "$1" && grep -rEn "^ *# *include *[<\"]($2)[>\"]" src --include='*.cc' --include='*.h' | grep -vE "^($3):")
}

rules() {  # root; prints what is wrong
  local root=$1 room
  for room in "${rooms[@]}"; do
    [ -d "$root/src/$room" ] || continue
    (cd "$root" && grep -nE '^ *# *include *"[a-z_]+/' "src/$room"/*.cc "src/$room"/*.h /dev/null 2>/dev/null |
      grep -vE "include *\"(${sees[$room]// /|})/[a-z0-9_]+\.h\"" | sed "s|^|$room may not see that: |")
  done
  (cd "$root" && find src -mindepth 2 -name '*.[ch]*' | grep -vE "^src/($(tr ' ' '|' <<<"${rooms[*]}"))/[a-z0-9_]+\.(cc|h)$" |
    sed 's|^|no room of src/rooms.mk: |')
  # Two types of one name in one namespace are one type to the linker, which says nothing.
  (cd "$root" && grep -rHoE '^(struct|class|enum class) [A-Z][A-Za-z0-9]+( final)?( : [^{;]*)? ?\{' src --include='*.h' |
    sed -E 's/^src\/([a-z]+)[^:]*:(struct|class|enum class) ([A-Za-z0-9]+).*/\1: \3/' | sort | uniq -d |
    sed 's/^/two headers define a type of this name, in /')
  outside "$root" '(cryptopp|crypto\+\+)/.*' 'src/crypto/.*'
  outside "$root" 'rapidjson/.*' 'src/proto/wire/json\.(h|cc)'
  outside "$root" 'uv\.h|uv/.*' 'src/net/.*'
  outside "$root" 'n?curses[a-z]*\.h|(ncursesw?/)?(curses|ncurses|term|panel)\.h' 'src/tui/term/screen\.(h|cc)'
  outside "$root" 'sqlite3\.h' 'src/os/sqlite\.(h|cc)'
  outside "$root" 'qrencode\.h' 'src/tui/view/qr\.cc'
  outside "$root" 'seccomp\.h' 'src/server/daemon/sandbox\.cc'
  outside "$root" "$impure" "$edges"
  outside "$root" "$impure_own" "$edges"
  outside "$root" 'os/log\.h' "$edges|src/server/.*"
}

# --- each rule can fail -----------------------------------------------------------------------------------------------
# A tree with these includes in these files: each must be refused, and alone for its include.
bad='src/base/text.cc "os/files.h"
src/os/log.cc "crypto/suite.h"
src/crypto/kdf.cc "proto/limits.h"
src/net/loop.cc "crypto/kdf.h"
src/net/stream.cc "proto/limits.h"
src/proto/identity.cc "proto/wire/json.h"
src/proto/wire/json.cc "proto/channel/secure.h"
src/proto/channel/handshake.cc "proto/session/acks.h"
src/proto/channel/transport.cc "net/loop.h"
src/proto/session/acks.cc "os/log.h"
src/server/policy/ban.cc "server/accounts/accounts.h"
src/server/accounts/accounts.cc "server/relay/relay.h"
src/server/mailbox/mailbox.h "server/accounts/accounts.h"
src/server/relay/router.cc "client/core/core.h"
src/server/relay/relay.cc "server/admin/control.h"
src/server/admin/control.cc "server/daemon/daemon.h"
src/server/daemon/daemon.cc "ctl/client.h"
src/ctl/client.cc "server/daemon/settings.h"
src/ctl/options.cc "server/relay/relay.h"
src/client/model/model.h "client/state/pins.h"
src/client/state/pins.cc "client/core/core.h"
src/client/state/roster.cc "client/store/store.h"
src/client/conversation/context.h "client/core/core.h"
src/client/conversation/conversation.h "client/mail/inbox.h"
src/client/mail/inbox.h "client/core/core.h"
src/client/core/core.h "server/relay/relay.h"
src/client/core/core.cc "client/store/store.h"
src/client/store/store.cc "client/core/core.h"
src/client/holder/service.cc "client/link/link.h"
src/client/link/link.cc "cli/run.h"
src/cli/run.cc "client/core/core.h"
src/cli/output.cc "tui/view/view.h"
src/tui/term/cells.h "tui/state/options.h"
src/tui/edit/editor.h "tui/state/state.h"
src/tui/state/state.h "tui/view/chat.h"
src/tui/view/view.cc "tui/ui/ui.h"
src/tui/view/chat.cc "client/state/pins.h"
src/tui/ui/ui.cc "tui/app/app.h"
src/tui/ui/windows.cc "client/link/link.h"
src/tui/app/app.cc "server/relay/relay.h"
src/tui/app/live_session.cc "cli/output.h"
src/tui/app/doctor.cc "client/core/core.h"
src/proto/wire/frame.cc "proto/wire/inside/new.h"
src/other/new.cc "base/bytes.h"
src/client/new.cc "base/bytes.h"
src/proto/channel/handshake.h <cryptopp/sha.h>
src/proto/wire/message.cc <rapidjson/document.h>
src/server/daemon/sockets.cc <uv.h>
src/tui/view/title.cc <ncurses.h>
src/tui/term/keys.cc <curses.h>
src/server/daemon/state_folder.cc <sqlite3.h>
src/proto/wire/field_reader.cc <unistd.h>
src/server/policy/budgets.cc <thread>
src/tui/view/trust_panel.cc <qrencode.h>
src/server/daemon/daemonize.cc <seccomp.h>
src/client/store/seal.cc "os/files.h"
src/client/store/record.cc "os/sqlite.h"
src/client/holder/request.cc "net/stream.h"
src/tui/app/notifier.cc "os/process.h"
src/client/conversation/outbox.cc <random>
src/server/relay/presence.cc "os/cpu_affinity.h"'
tree=$(mktemp -d) && trap 'rm -rf "$tree"' EXIT || exit 1
while read -r file header; do
  rm -rf "$tree/src" && mkdir -p "$tree/$(dirname "$file")" && echo "#include $header" >"$tree/$file"
  if grep -qF "$file" <<<"$(rules "$tree")"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL the check lets $header into $file"
  fi
done <<<"$bad"
rm -rf "$tree/src" && mkdir -p "$tree/src/server/relay" "$tree/src/server/mailbox"
for file in relay/desk.h mailbox/queue.h; do echo 'struct PutAsked : Other {' >"$tree/src/server/$file"; done
if [ "$(rules "$tree")" = 'two headers define a type of this name, in server: PutAsked' ]; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  echo "FAIL the check lets two types of one name pass"
fi
# And one that nothing is wrong with is let through.
rm -rf "$tree/src" && mkdir -p "$tree/src/os" && printf '#include "base/bytes.h"\n#include <unistd.h>\n' >"$tree/src/os/files.cc"
if [ -z "$(rules "$tree")" ]; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  echo "FAIL the check refuses what is allowed"
fi

# --- this tree --------------------------------------------------------------------------------------------------------
wrong=$(rules .)
if [ -z "$wrong" ]; then
  passed=$((passed + 1))
else
  echo "$wrong"
  echo "FAIL src/ is against the rules (above)"
  failed=$((failed + 1))
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
