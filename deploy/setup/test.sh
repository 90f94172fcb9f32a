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

step "go test -race (packages without cgo)"
pure=$(CGO_ENABLED=0 go list ./... 2>/dev/null | grep -vE '/(analyze/(decode|render|scene|worker|classify)|cmd/shouwang-analyzer)' || true)
# shellcheck disable=SC2086
go test -race -count=1 -timeout 10m $pure

step "go test (packages that look at pictures)"
go test -count=1 -timeout 10m ./analyze/... ./cmd/shouwang-analyzer/...

fuzztime=${SHOUWANG_FUZZTIME:-${CI:+30s}}
if [ -n "$fuzztime" ] && [ "$fuzztime" != 0 ]; then
  step "fuzzing, $fuzztime a target"
  deploy/setup/fuzz.sh "$fuzztime"
fi
