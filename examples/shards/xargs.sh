#!/bin/sh
# sh xargs.sh INPUT OUTPUT SHARDS [OPTIONS]: xargs runs the shards, one for each core. OPTIONS are those of softplus apply.
#
# xargs tries nothing again, but the same command goes on: shards that are done end at once.
set -eu
input=$1 output=$2 shards=$3
shift 3
seq "$shards" | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I {} \
  softplus apply -q "$input" -o "$output" --shard "{}/$shards" "$@"
