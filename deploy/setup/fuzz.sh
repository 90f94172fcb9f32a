#!/usr/bin/env bash
# Runs every fuzz target for the time given, one after the other:
#   deploy/setup/fuzz.sh 30s
# What a target finds lands in its package's testdata/fuzz and is to be
# committed together with the mend.
set -euo pipefail
cd "$(dirname "$0")/../.."
time=${1:-30s}
failed=0 ran=0
fuzz() {
  go test "$1" -run '^$' -fuzz "^$2\$" -fuzztime "$time" -parallel 2 -fuzzminimizetime 10x </dev/null >.cache/fuzz.log 2>&1
}
found() { grep -q 'Failing input written' .cache/fuzz.log; }
while IFS=: read -r file target; do
  package=./$(dirname "$file")
  printf 'fuzz %s %s for %s\n' "$package" "$target" "$time"
  # The go tool sometimes ends a clean run with "context deadline exceeded" on a
  # busy machine; only a failing input is a finding, anything else is run again.
  if ! fuzz "$package" "$target" && { found || ! fuzz "$package" "$target"; }; then
    cat .cache/fuzz.log
    failed=$((failed + 1))
  fi
  ran=$((ran + 1))
done < <(mkdir -p .cache && git ls-files '*_test.go' | xargs grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/func //')
# Hostile streams against real analyzer processes, sandbox and all: not a target
# of the go tool, since what must live is another process.
printf 'fuzz ./analyze/pool hostile streams for %s\n' "$time"
if ! HOSTILE_TIME=$time go test ./analyze/pool -count=1 -timeout 0 -run '^TestHostileCorpus$' -v </dev/null >.cache/fuzz.log 2>&1; then
  cat .cache/fuzz.log
  failed=$((failed + 1))
fi
grep -oE '[0-9]+ hostile cameras.*|seed .* an analyzer died.*' .cache/fuzz.log || true
[ "$ran" -gt 0 ] || { echo "fuzz: found no target: the search is broken"; exit 1; }
printf 'fuzz: %d targets, %d failed\n' "$ran" "$failed"
[ "$failed" = 0 ]
