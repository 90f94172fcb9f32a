#!/usr/bin/env bash
# The scene model's kernels on arm64: cross-compiled, so that the compiler makes
# NEON of them, and compared bit for bit with the scalar code under emulation.
# Installs a cross compiler and qemu (about 250 MB), so CI does not run it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export GOFLAGS=-buildvcs=false
packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
if ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
  echo "setup: installing ${packages[*]}" >&2
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null
fi
mkdir -p .cache
GOARCH=arm64 CGO_ENABLED=1 CC=aarch64-linux-gnu-gcc go test -c -ldflags '-extldflags "-static"' -o .cache/scene-arm64.test ./analyze/scene
vectors=$(aarch64-linux-gnu-objdump -d .cache/scene-arm64.test | awk '/<scene_[a-z]+_avx2>:/{f=1} /^$/{f=0} f' | grep -cE '\sv[0-9]+\.(16b|8h|4s)' || true)
echo "neon: $vectors vector instructions in the kernels"
[ "$vectors" -gt 100 ] || { echo "neon: the compiler made no vectors of the kernels"; exit 1; }
(cd analyze/scene && qemu-aarch64 ../../.cache/scene-arm64.test -test.v -test.run 'VariantsAgree|ReduceMeans')
