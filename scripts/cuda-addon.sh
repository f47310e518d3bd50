#!/bin/sh
# The package with CUDA, in a container that has its compiler:
#
#   docker run --rm -v "$PWD:/work" -w /work nvidia/cuda:12.9.1-devel-ubuntu22.04 sh scripts/cuda-addon.sh packages
set -eu
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq build-essential curl ca-certificates xz-utils
if ! command -v node >/dev/null; then
  curl --proto '=https' --tlsv1.2 -sSf https://nodejs.org/dist/v24.11.0/node-v24.11.0-linux-x64.tar.xz | tar -xJ --strip-components=1 -C /usr/local
fi
if ! command -v cargo >/dev/null; then
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
  PATH="$HOME/.cargo/bin:$PATH"
fi
npm ci --no-audit --no-fund
# The machine that builds has no GPU to ask: what is named here, and all that is newer.
CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-80} node scripts/release.mjs --addon target/cuda --cuda
node scripts/release.mjs --cuda-package target/cuda/disentangle.linux-x64-gnu.node "$1"
