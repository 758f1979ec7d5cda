#!/bin/sh
# sh parallel.sh INPUT OUTPUT SHARDS [OPTIONS]: GNU parallel runs the shards, one for each core. OPTIONS are those of softplus apply.
#
# A shard that fails, or is killed, is tried 5 times, after wrong arguments (exit code 2) too. After a failure, or after everything
# was killed, the same command goes on: shards that are done end at once. parallel takes more options from the variable PARALLEL.
# On several machines that share the files: PARALLEL='--sshlogin HOST1,HOST2 --workdir .' sh parallel.sh ...
set -eu
input=$1 output=$2 shards=$3
shift 3
seq "$shards" | parallel --quote --retries 5 --halt soon,fail=1 \
  softplus apply -q "$input" -o "$output" --shard "{}/$shards" "$@"
