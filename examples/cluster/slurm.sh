#!/bin/bash
# A Slurm array over one sweep: `sbatch slurm.sh latents.yaml`. Two minutes before its time is up each task gets SIGUSR1, leaves checkpoints
# and is put back into the queue. When all have ended: `disentangle sweep latents.yaml --merge sweeps/latents.shard-*`.
#SBATCH --array=0-15 --cpus-per-task=4 --time=04:00:00 --signal=B:USR1@120 --requeue
disentangle sweep "$1" --jobs "${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" &
sweep=$!
trap 'kill -USR1 $sweep; wait $sweep; scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"; exit 0' USR1
wait $sweep
