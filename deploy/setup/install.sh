#!/usr/bin/env bash
# Installs what a build, a test or the demo of Shouwang needs and this machine
# lacks, and names each thing it installs. Safe to run again: what is there is
# left alone. Go (the version in go.mod) and Node 20 or newer must be there
# already: they come from their own projects, not from a distribution.
#
#   deploy/setup/install.sh build|test|demo
set -euo pipefail
cd "$(dirname "$0")/../.."
what=${1:-build}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

command -v go >/dev/null || die "Go is missing: install Go $(sed -n 's/^go //p' go.mod) from https://go.dev/dl and run this again"
command -v npm >/dev/null || die "Node.js is missing: install Node 20 or newer from https://nodejs.org and run this again"

# package:what tells that it is there (a command, a pkg-config module or a file)
packages=(
  gcc:gcc pkg-config:pkg-config make:make
  libavcodec-dev:pc=libavcodec libavutil-dev:pc=libavutil libswscale-dev:pc=libswscale
  libopencv-dev:pc=opencv4 libopencv-contrib-dev:/usr/include/opencv4/opencv2/bgsegm.hpp
  ffmpeg:ffmpeg
)
case $what in
build) ;;
demo) packages+=(fonts-noto-cjk:/usr/share/fonts/opentype/noto) ;;
test)
  packages+=(
    mosquitto:/usr/sbin/mosquitto poppler-utils:pdftotext poppler-data:/usr/share/poppler/cMap
    chromium:chromium redis-server:redis-server fonts-noto-cjk:/usr/share/fonts/opentype/noto
    python3-gi:/usr/lib/python3/dist-packages/gi
    gir1.2-gst-rtsp-server-1.0:/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib
    gstreamer1.0-plugins-base:/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstvideotestsrc.so
    gstreamer1.0-plugins-good:/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstrtp.so
    gstreamer1.0-plugins-bad:/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstvideoparsersbad.so
    gstreamer1.0-plugins-ugly:/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstx264.so
  ) ;;
*) die "unknown set '$what': say build, test or demo" ;;
esac

there() {
  case $1 in
  pc=*) pkg-config --exists "${1#pc=}" 2>/dev/null ;;
  /*) [ -e "$1" ] || [ -e "${1/x86_64/aarch64}" ] ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for entry in "${packages[@]}"; do
  there "${entry#*:}" || missing+=("${entry%%:*}")
done
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${missing[*]}"
  command -v apt-get >/dev/null || die "no apt-get here: install ${missing[*]} by your system's means and run this again"
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -q >/dev/null || die "apt-get update failed: is the network there?"
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install ${missing[*]}: run it by hand to see why"
fi

# A clip for the demo and the measurements, where none is at hand.
clip=.cache/opencv-doc
if [ "$what" = demo ] && ! [ -d ../shared/videos ] && ! [ -d "$clip" ]; then
  say "fetching Debian's opencv-doc for its clip vtest.avi"
  mkdir -p .cache/fetch
  if (cd .cache/fetch && apt-get download -q opencv-doc >/dev/null 2>&1 && dpkg -x opencv-doc_*.deb ../opencv-doc); then
    rm -rf .cache/fetch
  else
    say "it cannot be had here: the cameras will show painted streets"
  fi
fi

# ONNX Runtime, which names moving things four to five times faster than OpenCV.
# Its library ships in a package of npm's; nothing of it is run.
onnx=1.30.0 sum=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23
if [ "$what" != build ] && [ -e ../shared/models/yolox_nano.onnx ] && [ "$(uname -m)" = x86_64 ] && ! [ -e .cache/onnxruntime/libonnxruntime.so.1 ]; then
  say "fetching ONNX Runtime $onnx (110 MB, once)"
  mkdir -p .cache/fetch .cache/onnxruntime
  lib=package/bin/napi-v6/linux/x64/libonnxruntime.so.1
  if (cd .cache/fetch && npm pack --silent "onnxruntime-node@$onnx" >/dev/null && tar xzf "onnxruntime-node-$onnx.tgz" "$lib" && echo "$sum  $lib" | sha256sum --quiet -c) >&2; then
    mv ".cache/fetch/$lib" .cache/onnxruntime/
  else
    say "it cannot be had here: OpenCV will run the model"
  fi
  rm -rf .cache/fetch
fi

# Real S3 server for the tests, built from its Go module.
versity=v1.8.0
if [ "$what" = test ] && ! [ -x ".cache/bin/versitygw-$versity" ]; then
  say "building the S3 server versitygw $versity (about two minutes, once)"
  mkdir -p .cache/bin
  GOBIN="$PWD/.cache/bin" GOFLAGS=-buildvcs=false go install "github.com/versity/versitygw/cmd/versitygw@$versity"
  cp .cache/bin/versitygw ".cache/bin/versitygw-$versity"
fi
say "ready for $what"
