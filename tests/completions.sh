#!/usr/bin/env bash
# The shells' completions: each names exactly the options and commands of its program's --help, zsh's and fish's with
# its texts of the commands, its shell can read it, and it completes. make install puts them where the shells look, and
# make uninstall removes them.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}"
passed=0 failed=0 skipped=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL $2"
  fi
}

options_in() { grep -oE -- '--[a-z][a-z-]+' | sort -u; }
commands_of() { "$BUILD/$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }
help_of() {  # of the program and of each of its commands
  "$BUILD/$1" --help
  for command in $(commands_of "$1"); do "$BUILD/$1" "$command" --help; done
}
# The line that zsh's or fish's completions have for each command of --help, with its text. bash shows none.
texts_of() {  # program, shell
  "$BUILD/$1" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) /\1 /p' | while read -r command text; do
    case $2 in
      zsh) echo "$command:$text" ;;
      fish) echo "-a $command -d ${text^}" ;;
    esac
  done
}
# fish writes --option as -l option.
as_options() { sed -E '/^ *set /d; s/ -l ([a-z])/ --\1/g' "$1" | options_in; }

for program in sims-tui sims simsd simsctl; do
  wanted=$(help_of $program | options_in)
  for shell in bash zsh fish; do
    file=contrib/completions/$program.$shell
    difference=$(diff <(echo "$wanted") <(as_options "$file"))
    [ -n "$wanted" ] && [ -z "$difference" ]
    result $? "$file and $program --help differ: $difference"
    missing=
    for command in $(commands_of $program); do grep -qw -- "$command" "$file" || missing="$missing $command"; done
    [ -z "$missing" ]
    result $? "$file lacks:$missing"
    missing=$(texts_of $program $shell | while read -r text; do
      tr -d "'\"" <"$file" | grep -qF -- "${text//\'/}" || echo " $text"
    done)
    [ -z "$missing" ]
    result $? "$file lacks the text of --help:$missing"
    if command -v $shell >/dev/null; then
      $shell -n "$file"
      result $? "$shell -n $file"
    else
      skipped=$((skipped + 1))
      echo "SKIPPED $file: there is no $shell"
    fi
  done
done

# As bash calls it: the words before the cursor; the last one is being completed.
completions_of() {
  # shellcheck disable=SC1090
  source "contrib/completions/$1.bash"
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  "_${1//-/_}" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  echo "${COMPREPLY[*]}"
}
completes() {  # what is expected, the words
  local want=$1
  shift
  got=$(completions_of "$@")
  [ "$got" = "$want" ]
  result $? "bash completes '$*' to '$got' instead of '$want'"
}
completes '--connect' sims-tui --conn
completes 'rsa rsa,ecdhe' sims-tui --suite r
completes '' sims-tui --name ''
completes 'list listen' sims --server list li
completes '--json' sims listen --j
completes '' sims send --j
completes '--status' sims --key-file list passphrase --st
completes '--limit' sims history --search listen --l
completes 'closed' simsd --registration c
completes 'unban' simsctl --json unb
completes 'debug' simsctl log-level d
completes '--for' simsctl ban --f

# bash completes after each command its options and the common ones, and no other command's.
for program in sims simsctl; do
  for command in $(commands_of $program); do
    wanted=$({
      "$BUILD/$program" --help
      "$BUILD/$program" "$command" --help
    } | sed -nE 's/^ +(-[a-z],? *)?(--[a-z-]+).*/\2/p' | sort -u)
    difference=$(diff <(echo "$wanted") <(completions_of $program "$command" -- | options_in))
    [ -z "$difference" ]
    result $? "bash completes other options than $program $command --help has: $difference"
  done
done

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
root=$folder
# The peers that a store remembers, in each shell. The store imports the files of the older layout.
PATH=$(cd "$BUILD" && pwd):$PATH
id=$(sims --home "$root/other" id)
mkdir -m 700 "$root/home"
(umask 077 && printf 'sims known peers 1\n%s bob %s verified 5\n%s carol %s unverified 6\n' "$id" "$id" "$id" "$id" \
  >"$root/home/known_peers")
sims --home "$root/home" id >/dev/null
export HOME=$root
completes 'bob carol' sims --home "$root/home" send ''
# shellcheck disable=SC2088 # sims' completion expands it
completes 'bob' sims --home '~/home' history --json b
completes '--timeout' sims --home "$root/home" send bob --t
completes '' sims --home "$root/missing" send ''
[ ! -e "$root/missing" ]
result $? "completion made a store"
if command -v fish >/dev/null; then
  got=$(fish -c 'source contrib/completions/sims.fish; complete -C "sims --home $argv[1] forget b"' "$root/home")
  [ "$got" = bob ]
  result $? "fish completes a peer to '$got'"
fi
if command -v zsh >/dev/null; then
  # shellcheck disable=SC2016
  got=$(zsh -fc 'typeset -A opt_args; opt_args=(--home $1); _call_program() { shift; "$@" }; compadd() { print ${(P)2} }
    _arguments() { return 0 }; f() { source contrib/completions/sims.zsh }; f; _sims_peers' zsh "$root/home")
  [ "$got" = 'bob carol' ]
  result $? "zsh completes a peer to '$got'"
fi

root=$root/installed
share=$root/usr/share
MAKEFLAGS='' make -s install-completions DESTDIR="$root" PREFIX=/usr
[ -e "$share/bash-completion/completions/sims-tui" ] && [ -e "$share/zsh/site-functions/_sims-tui" ] &&
  [ -e "$share/fish/vendor_completions.d/sims-tui.fish" ]
result $? "make install-completions leaves some out"
MAKEFLAGS='' make -s uninstall-completions DESTDIR="$root" PREFIX=/usr
[ -z "$(find "$root" -type f)" ]
result $? "make uninstall-completions leaves some behind"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
