#!/bin/bash
# One sweep on HyperQueue: `hyperqueue.sh latents.yaml 16`, then `disentangle sweep latents.yaml --merge sweeps/latents.shard-*`.
export FILE=$1 PARTS=$2
hq submit --wait --array "0-$((PARTS - 1))" --cpus 4 --env "FILE=$FILE" --env "PARTS=$PARTS" -- \
  bash -c 'disentangle sweep "$FILE" --jobs 4 --shard "$HQ_TASK_ID/$PARTS"'
