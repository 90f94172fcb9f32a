#!/usr/bin/env bash
# Every test of the house, in the order that fails soonest. Called by
# `make test` once everything is installed and built.
#   SHOUWANG_FUZZTIME  how long each fuzz target runs (default 30s under CI, 0 else)
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
apart='/(analyze/(decode|render|scene|worker|sandbox|eval)|cmd/shouwang-analyzer|cmd/e2e)'
all=$(go list ./...)

step "go test -race"
# shellcheck disable=SC2086,SC2046
go test -race -timeout 15m $(grep -vE "$apart" <<<"$all")

step "go test: pictures, sandbox, accuracy"
# shellcheck disable=SC2046
go test -timeout 10m $(grep -E "$apart" <<<"$all" | grep -v '/cmd/e2e')

step "end to end, with real parts only"
go test -count=1 -timeout 20m -v ./cmd/e2e | grep -vE '^(=== |\s*--- PASS.*\(0\.)' 

fuzztime=${SHOUWANG_FUZZTIME:-${CI:+30s}}
if [ -n "$fuzztime" ] && [ "$fuzztime" != 0 ]; then
  step "fuzzing, $fuzztime a target"
  deploy/setup/fuzz.sh "$fuzztime"
fi
