#!/usr/bin/env bash
# After `make VARIANT=cov check`: prints the share of each file's lines that the tests ran, the least covered first.
set -u
cd "$(dirname "$0")/.." || exit 1
find "$BUILD/src" -name '*.gcda' -print0 | xargs -0 -r gcov --no-output 2>/dev/null | awk -F"[':% ]+" '
  /^File / { file = $2 }
  /^Lines executed:/ && file ~ /^src\// {
    percent = $3; lines = $5
    if (percent * lines > best[file] * count[file] || !(file in count)) { best[file] = percent; count[file] = lines }
    file = ""
  }
  END {
    for (f in count) { all += count[f]; hit += best[f] * count[f] / 100; printf "%6.1f %%  of %5d lines  %s\n", best[f], count[f], f | "sort -n" }
    close("sort -n")
    if (all) printf "%6.1f %%  of %5d lines  in all\n", 100 * hit / all, all
  }'
