#!/bin/bash
# Workers of sweeps as a Slurm array: `sbatch slurm-workers.sh redis://login-node:6379`. The sweep itself runs where its folder is:
# `disentangle sweep latents.yaml --redis redis://login-node:6379`. Workers end ten minutes after the last trial.
#SBATCH --array=0-99 --cpus-per-task=4 --time=04:00:00 --signal=B:USR1@60
disentangle worker --redis "$1" --jobs "${SLURM_CPUS_PER_TASK:-1}" --idle "${IDLE:-600}" &
worker=$!
trap 'kill -USR1 $worker' USR1
# The first wait ends with the signal, the second with the worker.
wait $worker || wait $worker
