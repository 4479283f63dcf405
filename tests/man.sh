#!/usr/bin/env bash
# Every man page is clean mdoc, and names every option that its program's --help names.
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
  options=$("$BUILD/$name" --help 2>&1 | grep -oE -- '--[a-z][a-z-]+' | sort -u)
  for option in $options; do
    grep -qF -- "$option" <<<"$text" || missing="$missing $option"
  done
  [ -n "$options" ] && [ -z "$missing" ]
  result $? "$page lacks what $name --help names:$missing"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
