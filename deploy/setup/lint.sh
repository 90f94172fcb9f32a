#!/usr/bin/env bash
# gofumpt and golangci-lint, built once from their modules into .cache/bin.
set -euo pipefail
cd "$(dirname "$0")/../.."
lint=v2.5.0
if ! [ -x ".cache/bin/golangci-lint-$lint" ]; then
  echo "lint: building golangci-lint $lint (a few minutes, once)" >&2
  mkdir -p .cache/bin
  GOBIN="$PWD/.cache/bin" go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$lint"
  cp .cache/bin/golangci-lint ".cache/bin/golangci-lint-$lint"
fi
".cache/bin/golangci-lint-$lint" run ./...
(cd web/ui && npm run check --silent)
