#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Trains the network of Configurations/dihiggs.yaml, the same with less to read, and one at each mass alone, and
# compares them on the last fifth of the sample, and event by event on another sample. Takes some ten minutes on two
# cores, and as long again with the other sample.
#
#   Resources/Samples/generate.py dihiggs -o hh-vs-ttbar.h5
#   Resources/Samples/generate.py dihiggs --events 80000 --seed 4711 -o other.h5
#   Resources/Benchmarks/dihiggs.sh hh-vs-ttbar.h5 FOLDER [other.h5]      # the models go into FOLDER
set -euo pipefail
sample=$1
folder=$2
other=${3:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
canopy=${CANOPY:-$root/.build/release/canopy}
mkdir -p "$folder"

train() { # NAME [KEY=VALUE…]
  local name=$1 settings=(--set "data.inputs=[$sample]")
  shift
  for setting in "$@"; do settings+=(--set "$setting"); done
  "$canopy" train "$root/Resources/Configurations/dihiggs.yaml" -o "$folder/$name" "${settings[@]}" \
    2> "$folder/$name.log"
}

evaluate() { # NAME [--where NAME=VALUE]
  "$canopy" evaluate "$sample" --skip-events 32000 --model "$folder/$1" "${@:2}"
}

row() { # TITLE NAME [--where NAME=VALUE]
  evaluate "${@:2}" | awk -v title="$1" '
    /^  AUC / && !auc { auc = $2 " ± " $4 }
    # A value with its error, or a limit where no background is left.
    /ε_S = 30 %/ { r30 = $7 == ">" ? "> " $8 : $7 " ± " $9 }
    /ε_S = 50 %/ { r50 = $7 == ">" ? "> " $8 : $7 " ± " $9 }
    END { printf "%-44s %-18s %-12s %s\n", title, auc, r30, r50 }'
}

printf '%-44s %-18s %-12s %s\n' '' AUC '1/ε_B 30 %' '1/ε_B 50 %'
compare() { # TITLE NAME [KEY=VALUE…]
  train "${@:2}"
  row "$1" "$2"
  [ -z "$other" ] || "$canopy" classify "$other" --model "$folder/$2" -o "$folder/$2.h5"
  compared+=("$folder/$2.h5")
}
compared=()
compare 'ten jets with their embeddings' dihiggs
compare 'all jets with their embeddings' all-jets events.leading=null
compare 'five jets' five-jets events.leading=5
compare 'two jets' two-jets events.leading=2
compare 'the hardest jet' one-jet events.leading=1
compare 'ten jets, momenta only' momenta embedding=null events.embedding=false
compare 'fifty particles, no clustering' particles embedding=null events.embedding=false events.reads=particles \
  events.leading=50
# As in the paper, whose networks read nothing of an event beside its jets or particles.
alone='events.inputs={conditions: [resonance_mass]}'
compare 'nothing beside: ten jets' jets-alone "$alone"
compare 'nothing beside: five jets' five-jets-alone "$alone" events.leading=5
compare 'nothing beside: two jets' two-jets-alone "$alone" events.leading=2
compare 'nothing beside: the hardest jet' one-jet-alone "$alone" events.leading=1
compare 'nothing beside: ten jets, momenta only' momenta-alone "$alone" embedding=null events.embedding=false
compare 'nothing beside: fifty particles' particles-alone "$alone" embedding=null events.embedding=false \
  events.reads=particles events.leading=50

[ -z "$other" ] || "$root/Resources/Benchmarks/paired.py" "$other" "${compared[@]}"

for mass in 300 400 500 650 800; do
  row "at $mass GeV, parameterised" dihiggs --where "resonance_mass=$mass"
  train "at-$mass" "data.where.resonance_mass=$mass" events.inputs.conditions=null data.redraw-conditions=null
  row "at $mass GeV, trained there alone" "at-$mass" --where "resonance_mass=$mass"
done
