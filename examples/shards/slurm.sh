#!/bin/bash
#SBATCH --job-name=softplus
#SBATCH --array=0-15
#SBATCH --cpus-per-task=1
#SBATCH --mem=512M
#SBATCH --time=00:30:00
#SBATCH --requeue
#
# sbatch slurm.sh INPUT OUTPUT [OPTIONS]: a Slurm array runs the shards; --array says how many there are. OPTIONS are those of
# softplus apply. The files are on a file system that all nodes share. The same command, or `sbatch --array=3,7`, does again
# what failed: then give SHARDS=16, as Slurm counts only the tasks of this array.
set -euo pipefail
input=$1 output=$2
shift 2
exec softplus apply -q "$input" -o "$output" \
  --shard-index "$SLURM_ARRAY_TASK_ID" --shards "${SHARDS:-$SLURM_ARRAY_TASK_COUNT}" "$@"
