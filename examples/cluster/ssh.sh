#!/bin/bash
# One sweep on hosts that are reached by ssh: `ssh.sh latents.yaml a b c d`. File and data lie in ~/project of each host.
file=$1
shift
hosts=("$@")
for i in "${!hosts[@]}"; do
  ssh "${hosts[$i]}" "cd project && disentangle sweep $file --jobs 2 --shard $i/${#hosts[@]} --out part-$i" &
done
wait
for i in "${!hosts[@]}"; do rsync -a "${hosts[$i]}:project/part-$i" .; done
disentangle sweep "$file" --merge part-*
