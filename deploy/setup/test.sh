#!/usr/bin/env bash
# Every test of the house, in the order that fails soonest. Called by
# `make test` once everything is installed and built.
#   SHOUWANG_FUZZTIME  how long each fuzz target runs (default 5s under CI, 0 else)
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PWD/.cache/bin:$PATH"
[ -z "${CI:-}" ] || export SHOUWANG_CI=1

step() { printf '\n== %s\n' "$*"; }

step "formatting and vet"
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
[ -z "$unformatted" ] || { printf 'not gofmt-clean:\n%s\n' "$unformatted"; exit 1; }
go vet ./...

step "interface: types, unit tests"
(cd web/ui && npm run check --silent && npm test --silent)

# The race detector needs more memory than the sandbox allows, packages that look
# at pictures spend their time in C, and the end-to-end tests run real binaries
# and hold them to seconds: those run without it.
apart='/(analyze/(classify|decode|render|scene|worker|sandbox|eval)|cmd/shouwang-analyzer|cmd/e2e)'
all=$(go list ./...)

step "go test -race"
# shellcheck disable=SC2086,SC2046
go test -race -timeout 15m $(grep -vE "$apart" <<<"$all")

# The gate stands in both: every question there is and every mutant of the
# policies are asked here, a sample of them above.
step "go test: pictures, sandbox, accuracy, every question to the gate"
# shellcheck disable=SC2046
go test -timeout 10m $(grep -E "$apart" <<<"$all" | grep -v '/cmd/e2e') ./policy/gate

step "end to end, with real parts only"
mkdir -p .cache
e2e() {
  go test -count=1 -timeout 20m -v ./cmd/e2e "$@" 2>&1 | tee .cache/e2e.log | grep -vE '^(=== |\s*--- PASS.*\(0\.)'
}
if ! e2e; then
  failed=$(grep -oE '^--- FAIL: Test[A-Za-z0-9_]+' .cache/e2e.log | awk '{print $3}' | sort -u | paste -sd'|')
  [ -n "$failed" ] || exit 1
  # These hold real binaries to seconds. What fails a second time, by itself, has
  # failed; what does not is in the log above for whoever reads it.
  step "end to end, once more by themselves: $failed"
  e2e -run "^($failed)\$"
fi

fuzztime=${SHOUWANG_FUZZTIME:-${CI:+5s}}
if [ -n "$fuzztime" ] && [ "$fuzztime" != 0 ]; then
  step "fuzzing, $fuzztime a target"
  deploy/setup/fuzz.sh "$fuzztime"
fi
