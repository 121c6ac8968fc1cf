#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Shows Canopy at work, step by step, on the samples and the model that it ships.
# Usage: demo.sh CANOPY
set -euo pipefail
canopy=$(realpath "$1")
cd "$(dirname "$0")/.."
echo "In the folder $PWD:"
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
  printf '%s' "$dim"
  fold -s -w 96 <<<"$ canopy $*" | sed '$!s/$/\\/; 2,$s/^/    /'
  printf '%s' "$plain"
  "$canopy" "$@"
}

step 'Look into a file of events: proton collisions at 14 TeV with a W boson, from Pythia 8'
run inspect "$samples/w-events.hepmc.zst"

step 'Cluster the particles of three events into jets, with FastJet'
run cluster "$samples/w-events.hepmc.zst" --max-events 3 --radius 1.0 --min-pt 50

step "Embed the leading jets: the network reads each jet's tree and ends with 40 numbers"
run embed "$samples/w-events.hepmc.zst" --model "$model" --max-events 3

step 'Tag the leading jets of events with a W boson: most score near 1 ...'
run classify "$samples/w-events.hepmc.zst" --model "$model" --max-events 5

step '... and of events without one: most score near 0'
run classify "$samples/qcd-events.hepmc.zst" --model "$model" --max-events 5

step 'Measure the tagger on 1,000 W jets and 1,000 QCD jets that it has not seen'
run evaluate "$samples/w-vs-qcd-small.h5" --model "$model"

step 'Cut where half of those W jets pass, and count the leading jets of 300 full events that do'
# The cut, as it is and rounded, and the background that passes it, from the same evaluation as above.
read -r cut rounded background < <(
  "$canopy" evaluate "$samples/w-vs-qcd-small.h5" --model "$model" --format json | LC_ALL=C awk '
    /"backgroundEfficiency"/ { background = $3 + 0 }
    /"signalEfficiency"/ { signal = $3 + 0 }
    /"threshold"/ && signal == 0.5 { printf "%.9g %.3f %g\n", $3, $3, background }')
echo "events       jets   score ≥ $rounded    share   share in step 6"
count() {
  "$canopy" classify "$samples/$2" --model "$model" --format jsonl |
    LC_ALL=C awk -F '"score":' -v name="$1" -v cut="$cut" -v expected="$3" '
      { for (i = 2; i <= NF; i++) { jets++; passed += $i + 0 >= cut } }
      END { printf "%-11s %5d %15d %6.1f %% %15.1f %%\n", name, jets, passed, 100 * passed / jets, 100 * expected }'
}
count 'W boson' w-events.hepmc.zst 0.5
count 'QCD dijets' qcd-events.hepmc.zst "$background"

samples=Resources/Samples/dihiggs
model=Resources/Models/dihiggs

step 'Classify whole events: a pair of Higgs bosons, if they come from a resonance of 500 GeV ...'
run classify "$samples/hh-events.hepmc.zst" --model "$model" --condition resonance_mass=500 --max-events 2

step '... and top quark pairs under the same hypothesis'
run classify "$samples/ttbar-events.hepmc.zst" --model "$model" --condition resonance_mass=500 --max-events 2

step 'Measure the classifier on 400 events that it has not seen, at each mass of the resonance'
run evaluate "$samples/hh-vs-ttbar-small.h5" --model "$model"

samples=Resources/Samples/ditau
model=Resources/Models/ditau-mass

step 'Predict the mass of a resonance that decays to two τ leptons, beside the classical estimators'
run evaluate "$samples/tautau-mass-small.h5" --model "$model" | sed '/ by truth$/,$d'
echo '…'

step 'Trigger on boosted W bosons: rates of a menu of two paths, and the efficiency for the signal'
run trigger Resources/Samples/qcd-events.hepmc.zst --menu Resources/Examples/trigger.yaml \
  --model Resources/Models/w-tagger --rate 1000 --signal Resources/Samples/w-events.hepmc.zst

samples=Resources/Samples
models=Resources/Models

step 'Tell the flavour of jets by the impact parameters of their tracks'
run classify "$samples/flavour/flavour-jets-small.h5" --model "$models/flavour-tagger" --max-events 4

step 'Find a W boson among the particles of some fifty interactions ...'
run cluster "$samples/pileup/pileup-small.h5" --radius 0.8 --min-pt 200 --max-events 1

step '... and with weights for those that a network takes for particles of the hard interaction'
run cluster "$samples/pileup/pileup-small.h5" --radius 0.8 --min-pt 200 --max-events 1 --apply "$models/pileup"

step 'Measure the energy of jets, of which a detector saw a part, beside what it saw'
run evaluate "$samples/detector/jet-response-small.h5" --model "$models/jet-energy" | sed '/-calibration$/,$d'
echo '…'

step 'Draw new W jets from the density that a network has learnt of them'
drawn=$(mktemp -d)
trap 'rm -rf "$drawn"' EXIT
run generate --model "$models/jet-likelihood" --class W -n 200 -o "$drawn/w-jets.h5"
run classify "$drawn/w-jets.h5" --model "$models/jet-likelihood" --max-events 3

step 'Measure events with a detector like CMS, and tag what it saw'
run detector "$samples/w-events.hepmc.zst" --card Resources/Detectors/cms.yaml --max-events 5 -o "$drawn/measured.h5"
run classify "$drawn/measured.h5" --model "$models/w-tagger"
