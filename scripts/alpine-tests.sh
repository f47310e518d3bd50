#!/bin/sh
# The tests on musl, in a container: docker run --rm -v "$PWD:/work" -w /work node:22-alpine sh scripts/alpine-tests.sh
set -eu
apk add --quiet build-base curl chromium font-dejavu git bash redis libfaketime
if ! command -v cargo >/dev/null; then
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
  PATH="$HOME/.cargo/bin:$PATH"
fi
RUSTFLAGS="-C target-feature=-crt-static" node scripts/test.mjs
