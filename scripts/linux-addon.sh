#!/bin/sh
# Builds the addon as it is published, in the container of an old Linux, so that it runs on every newer one:
#
#   docker run --rm -v "$PWD:/work" -w /work quay.io/pypa/manylinux_2_28_x86_64 sh scripts/linux-addon.sh linux-x64-gnu addons
#   docker run --rm -v "$PWD:/work" -w /work alpine:3.20 sh scripts/linux-addon.sh linux-x64-musl addons
set -eu
target=$1
out=$2

case $target in
*-musl)
  apk add --quiet build-base curl
  # A shared library cannot hold a C library of its own.
  RUSTFLAGS="-C target-feature=-crt-static"
  export RUSTFLAGS
  ;;
esac
if ! command -v cargo >/dev/null; then
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
  PATH="$HOME/.cargo/bin:$PATH"
fi
cargo build --profile dist --locked -p disentangle-node --target-dir "target/$target"
mkdir -p "$out"
cp "target/$target/dist/libdisentangle_node.so" "$out/disentangle.$target.node"
