#!/usr/bin/env bash
# Runs every fuzz target for the time given, one after the other:
#   deploy/setup/fuzz.sh 30s
# What a target finds lands in its package's testdata/fuzz and is to be
# committed together with the mend.
set -euo pipefail
cd "$(dirname "$0")/../.."
time=${1:-30s}
failed=0 ran=0
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  printf 'fuzz %s %s for %s\n' "$package" "$target" "$time"
  if ! go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -parallel 2 -fuzzminimizetime 10x >.cache/fuzz.log 2>&1; then
    cat .cache/fuzz.log
    failed=$((failed + 1))
  fi
  ran=$((ran + 1))
done < <(mkdir -p .cache && git ls-files '*_test.go' | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/func //')
[ "$ran" -gt 0 ] || { echo "fuzz: found no target: the search is broken"; exit 1; }
printf 'fuzz: %d targets, %d failed\n' "$ran" "$failed"
[ "$failed" = 0 ]
