#!/usr/bin/env bash
# `make lint`: clang-format, shellcheck, codespell and mandoc over everything, `clang++ -fsyntax-only -Werror` over every
# source (3 minutes on two cores), clang-tidy over those of src/ (half an hour).
#   SINCE=COMMIT  clang-tidy only of files changed since then (the last change first), without the slow clang-analyzer
#   MINUTES=N     N minutes after its start clang-tidy begins no more files; those count as skipped
# First it proves on made-up sources that each tool can fail. The last line counts.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${SINCE:=}" "${MINUTES:=}" "${SYNTAX:=clang++-16 -fsyntax-only -Werror -std=c++20}"
began=$(date +%s)
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

# --- the tools --------------------------------------------------------------------------------------------------------
format() { clang-format --dry-run -Werror --style=file:.clang-format "$@"; }
shell() { shellcheck --severity=warning "$@"; }
spell() { codespell --config .codespellrc "$@"; }
manual() { mandoc -T lint -W warning "$@"; }
# shellcheck disable=SC2086 # a list of words
syntax() { $SYNTAX "$@"; }
tidy() { clang-tidy --quiet --config-file=.clang-tidy "$@"; }

# --- each can fail ----------------------------------------------------------------------------------------------------
refused() {  # a file name, its text, a tool and its words: the tool runs and finds a fault
  local name=$logs/$1 tool=$3
  printf '%b\n' "$2" >"$name"
  shift 3
  "$tool" "$name" "$@" >/dev/null 2>&1
  case $? in 0 | 126 | 127) result 1 "$tool lets a made-up fault pass, or is not there: $name" ;; *) result 0 ;; esac
}
refused format.cc 'int   f();' format
refused shell.sh '#!/bin/sh\nread x <$1; y=1' shell
refused words.md 'It shows te''h error.' spell
refused page.1 '.Dd November 29, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Bl -tag\n.It a' manual
refused syntax.cc 'int f(int a) { int unused = 1; return a; }' syntax -Wall
refused tidy.cc 'int f(int a) { if (a > 1) { return 1; } else { return 1; } }' tidy -- -std=c++20
refused include.cc '#include "there/is/none.h"' tidy -- -std=c++20

# --- quick ones -------------------------------------------------------------------------------------------------------
code=$(find src tests bench \( -name '*.cc' -o -name '*.h' \) | sort)
scripts=$(grep -rlE --exclude-dir={build,.git} '^#!.*[/ ](ba|da)?sh$' . | sort)
texts=$(find src tests bench man scripts contrib docs .ci ./*.md Makefile -type f \
  ! -path '*/vectors/*' ! -path '*/golden/*' ! -path '*/data/*' ! -name 'naughty.txt' | sort)
# shellcheck disable=SC2086 # lists of words, none with a space
{
  format $code
  result $? "clang-format: run \`make format\`"
  shell $scripts
  result $? "shellcheck (above)"
  spell $texts
  result $? "codespell (above): correct the word, or add it to .codespellrc"
  manual man/*.[1-8]
  result $? "mandoc (above)"
}

# --- one file at a time -----------------------------------------------------------------------------------------------
check_file() {  # a tool, a file
  local log checker=$1
  log=$logs/$1-$(tr / . <<<"$2").log
  if [ "$1" = tidy ]; then
    if [ -n "$MINUTES" ] && [ $(($(date +%s) - began)) -ge $((MINUTES * 60)) ]; then
      echo "$2" >>"$logs/left-out"
      return
    fi
    checker="tidy -p . $checks"
  fi
  # shellcheck disable=SC2086 # a list of words
  if $checker "$2" >"$log" 2>&1; then
    echo "$1 $2" >>"$logs/clean"
  else
    echo "$log" >>"$logs/refused"
  fi
}
each() {  # a tool; files on standard input
  xargs -r -d '\n' -P "$(nproc)" -I{} bash -c "check_file $1 {}"
}

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
export -f check_file syntax tidy
export logs MINUTES SYNTAX checks began
# Those that must not compile have a test of their own.
grep '\.cc$' <<<"$code" | grep -v '/must_not_compile/' | each syntax
[ -z "$files" ] || each tidy <<<"$files"

lines() { if [ -e "$1" ]; then wc -l <"$1"; else echo 0; fi; }
passed=$((passed + $(lines "$logs/clean")))
while read -r log; do
  # How many warnings in headers of others clang-tidy has left out is no fault.
  grep -vE '^[0-9]+ warnings? (and [0-9]+ errors? )?generated|^Suppressed |^Use -header-filter' "$log"
  result 1 "$(basename "$log" .log)"
done < <(cat "$logs/refused" 2>/dev/null)
if [ -e "$logs/left-out" ]; then
  skipped=$(lines "$logs/left-out")
  echo "SKIPPED clang-tidy of $(lines "$logs/left-out") files: MINUTES=$MINUTES are over"
fi
[ "$skipped" = 0 ] && echo "$passed passed, $failed failed" || echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
