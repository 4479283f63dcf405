#!/usr/bin/env bash
# Every man page is clean mdoc, and names every command of its program and every option of the program's and its
# commands' --help.
set -u
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=build/release}"
passed=0 failed=0
result() {  # status, what
  if [ "$1" = 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAIL $2"
  fi
}

for page in man/*.[1-8]; do
  mandoc -T lint -W warning "$page"
  result $? "mandoc -T lint $page"
done
for page in man/simsd.8 man/simsctl.8 man/sims.1 man/sims-tui.1; do
  name=$(basename "${page%.*}")
  text=$(mandoc -T ascii "$page" | sed 's/.\x08//g')
  missing=
  commands=$("$BUILD/$name" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
  options=$({
    "$BUILD/$name" --help
    for command in $commands; do "$BUILD/$name" "$command" --help; done
  } 2>&1 | grep -oE -- '--[a-z][a-z-]+' | sort -u)
  for command in $commands; do
    grep -qw -- "$command" <<<"$text" || missing="$missing $command"
  done
  for option in $options; do
    grep -qF -- "$option" <<<"$text" || missing="$missing $option"
  done
  [ -n "$options" ] && [ -z "$missing" ]
  result $? "$page lacks what $name --help names:$missing"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
