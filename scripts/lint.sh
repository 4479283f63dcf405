#!/usr/bin/env bash
# `make lint`: clang-format over all sources and clang-tidy over those of src/, which takes half an hour on two cores.
#   SINCE=COMMIT  clang-tidy only of what changed since then (the last change first), without the slow clang-analyzer
#   MINUTES=N     starts clang-tidy with no more files after so long, and says how many it left out
# First it proves on made-up sources that both can fail. The last line counts.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${SINCE:=}" "${MINUTES:=}"
logs=$(mktemp -d) && trap 'rm -rf "$logs"' EXIT || exit 1
passed=0 failed=0 skipped=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL $2"
  fi
}

# --- both can fail ----------------------------------------------------------------------------------------------------
wrong=$logs/wrong.cc
refused() {  # the source, command...: fails with status 1, not since it could not start
  printf '%s\n' "$1" >"$wrong"
  shift
  "$@" >/dev/null 2>&1
  [ $? = 1 ]
}
format() { clang-format --dry-run -Werror --style=file:.clang-format "$1"; }
tidy() { clang-tidy --quiet --config-file=.clang-tidy "$1" -- -std=c++20; }
refused 'int   f();' format "$wrong"
result $? "clang-format lets a made-up source pass that is not formatted"
refused 'int f(int a) { if (a > 1) { return 1; } else { return 1; } }' tidy "$wrong"
result $? "clang-tidy lets a made-up fault pass"
refused '#include "there/is/none.h"' tidy "$wrong"
result $? "clang-tidy lets a source pass that does not compile"

# --- clang-format -----------------------------------------------------------------------------------------------------
sources=$(find src tests bench \( -name '*.cc' -o -name '*.h' \) | sort)
# shellcheck disable=SC2086 # a list of words, none with a space
clang-format --dry-run -Werror $sources
result $? "clang-format: run \`make format\`"

# --- clang-tidy -------------------------------------------------------------------------------------------------------
# A changed header is looked at through a source that includes it.
through() {
  local path=$1
  case $path in
    *.h)
      if [ -e "${path%.h}.cc" ]; then
        echo "${path%.h}.cc"
      else
        grep -rlF --include='*.cc' "#include \"${path#src/}\"" src | head -n 1
      fi
      ;;
    *) echo "$path" ;;
  esac
}
if [ -n "$SINCE" ]; then
  checks="--checks=-clang-analyzer-*"
  changed=$(git diff --name-only HEAD -- src && git log --format= --name-only "$SINCE"..HEAD -- src) || exit 1
  files=$(for path in $changed; do
    [ ! -e "$path" ] || case $path in *.cc | *.h) through "$path" ;; esac
  done | awk '!seen[$0]++')
else
  checks=
  files=$(find src -name '*.cc' | sort)
fi
look_at() {
  if [ -n "$MINUTES" ] && [ $(($(date +%s) - began)) -ge $((MINUTES * 60)) ]; then
    echo "$1" >>"$logs/left-out"
    return
  fi
  local log
  log=$logs/$(tr / . <<<"$1").log
  # shellcheck disable=SC2086 # one word or none
  if clang-tidy --quiet -p . $checks "$1" >"$log" 2>&1; then
    echo "$1" >>"$logs/clean"
  else
    echo "$log" >>"$logs/refused"
  fi
}
began=$(date +%s)
export -f look_at
export logs MINUTES began checks
[ -z "$files" ] || printf '%s\n' "$files" | xargs -r -d '\n' -P "$(nproc)" -I{} bash -c 'look_at {}'

lines() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }
passed=$((passed + $(lines "$logs/clean")))
while read -r log; do
  # How many warnings in headers of others it has left out is no fault.
  grep -vE '^[0-9]+ warnings? (and [0-9]+ errors? )?generated|^Suppressed |^Use -header-filter' "$log"
  result 1 "clang-tidy: $(basename "$log" .log)"
done < <(cat "$logs/refused" 2>/dev/null)
if [ -e "$logs/left-out" ]; then
  skipped=1
  echo "SKIPPED clang-tidy of $(lines "$logs/left-out") files: MINUTES=$MINUTES are over"
fi
[ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
