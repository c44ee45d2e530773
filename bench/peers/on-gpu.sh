#!/usr/bin/env bash
# The comparison on one GPU, each part a JSON file in the given folder: the sampler alone by ours and by every path of PyTorch, then the whole way from
# spikes to pictures by ours, ours with the plain binding, and the loop of PyTorch. A quarter of an hour in all; parts can be named: sampler torch torch32 peers.
# Usage: bench/peers/on-gpu.sh OUT [BUNDLE] [PART...]      PHOSPHENE_TORCH_PYTHON: the Python that has PyTorch; PHOSPHENE_TORCH_EXTRAS: docs/peers.md.
set -uo pipefail
out=${1:?usage: bench/peers/on-gpu.sh OUT [BUNDLE] [PART...]}
bundle=${2:-models/demo}
parts=" ${*:3} "
[ "$parts" = "  " ] && parts=" sampler torch torch32 peers "
cd "$(dirname "$0")/../.." && mkdir -p "$out"
python=${PHOSPHENE_TORCH_PYTHON:-python3}
export PHOSPHENE_TORCH_PYTHON="$python" PYTHONPATH="${PHOSPHENE_TORCH_EXTRAS:-runs/peers-torch}:training" PYTHONUNBUFFERED=1
failed=0
part() { # NAME COMMAND...: runs when it was asked for, and goes on to the next when it fails
  [[ "$parts" == *" $1 "* ]] || return 0
  echo "== $1: ${*:2}"
  "${@:2}" || { echo "== $1 failed with $?"; failed=1; }
}
part sampler node bench/main.ts sampler --bundle "$bundle" --provider cuda --json "$out/sampler.json"
# Compilers come last in it: what they did not manage in time is left out.
part torch timeout 420 "$python" bench/peers/torch_sampler.py "$bundle" --device cuda --dtypes fp16 --json "$out/torch-sampler.json"
part torch32 timeout 240 "$python" bench/peers/torch_sampler.py "$bundle" --device cuda --dtypes fp32 --paths graph,graph-prepared,reduce-overhead --json "$out/torch-sampler-fp32.json"
part peers node bench/main.ts peers --bundle "$bundle" --provider cuda --device cuda --parts latency --rates 3000 --seconds 20 --rounds 1 --json "$out/peers.json"
exit $failed
