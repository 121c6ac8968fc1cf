#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Shows Canopy at work, step by step, on the samples and the model that it ships.
# Usage: demo.sh CANOPY
set -euo pipefail
canopy=$(realpath "$1")
cd "$(dirname "$0")/.."
samples=Resources/Samples
model=Resources/Models/w-tagger

bold= plain= dim=
if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m' dim=$'\e[2m'; fi

number=0
step() {
  number=$((number + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$number" "$1" "$plain"
}
run() {
  printf '%s$ canopy %s%s\n' "$dim" "$*" "$plain"
  "$canopy" "$@"
}

step 'Look into a file of events: proton collisions at 14 TeV with a W boson, from Pythia 8'
run inspect "$samples/w-events.hepmc.zst"

step 'Cluster the particles of three events into jets'
run cluster "$samples/w-events.hepmc.zst" --max-events 3 --algorithm antikt --radius 1.0 --min-pt 50

step 'Tag the jets of events with a W boson (scores near 1) ...'
run classify "$samples/w-events.hepmc.zst" --max-events 5 --model "$model"

step '... and those of events without one (scores near 0)'
run classify "$samples/qcd-events.hepmc.zst" --max-events 5 --model "$model"

step 'Measure how well the tagger tells 1,000 W jets from 1,000 QCD jets that it has not seen'
run evaluate "$samples/w-vs-qcd-small.h5" --model "$model"
