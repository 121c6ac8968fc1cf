#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds plugins as packages outside of Canopy, loads them into a program that is built already, and uses them as a user
# would: heads, a stage, a recursive cell, decisions, an observable, a format, and what `canopy plugin new` writes; what
# is said without them; and that what a loaded plugin says of its input is said as by a built-in one.
#
#   Resources/Examples/plugin.sh FOLDER [CONFIGURATION]   # FOLDER has the program canopy and its plugin-kit
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
canopy=$(cd "$1" && pwd)/canopy
export CANOPY_PLUGIN_KIT=${canopy%/*}/plugin-kit
configuration=${2:-debug}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "plugin.sh: $1" >&2
  exit 1
}

# Builds a package and says how long that takes; sets `library`.
build() { # FOLDER
  local name=${1##*/} started=$SECONDS
  local options=(--package-path "$1" --scratch-path "$work/build-$name" -c "$configuration")
  ${SWIFT:-swift} build "${options[@]}" --product "$name"
  library=$(${SWIFT:-swift} build "${options[@]}" --show-bin-path)/lib$name.so
  echo "$name is built in $((SECONDS - started)) s"
}

# The same, and tries it: by its tests and by the checks of `canopy plugin check`.
package() { # FOLDER
  build "$1"
  ${SWIFT:-swift} test --package-path "$1" --scratch-path "$work/build-${1##*/}"
  "$canopy" plugin check "$library" || fail "${1##*/} does not conform"
}

# The packages that are tried: examples, the recursive cell of Canopy's own tests in a package of its own, and those that
# `canopy plugin new` writes. A build of so little is mostly steps one after the other, so all are built before, one on
# each processor.
packages=()
for example in "$examples"/*/Package.swift; do
  packages+=("${example%/Package.swift}")
done
"$canopy" plugin new TreeMemory --kind stage --directory "$work"
cd "$work/TreeMemory"
cp "$examples/../../Tests/TestCells/TreeMemoryCell.swift" Sources/TreeMemory/TreeMemory.swift
sed -i 's/(TreeMemory.self)/(TreeMemoryCell.self)/; s/^import PluginKit/&\nimport RecursiveEmbedding/' \
  Sources/TreeMemory/Registration.swift
sed -i 's/plugin: tree-memory/cell: tree-memory/' tree-memory.yaml
cat > Tests/TreeMemoryTests/TreeMemoryTests.swift << END
import PluginTesting
import Testing
import TreeMemory

@Test(arguments: CellCheck.allCases) func conforms(_ check: CellCheck) throws {
  try CellConformance(TreeMemoryCell.self).run(check)
}
END
packages+=("$work/TreeMemory")
kinds=(head regression stage observable decision format)
for kind in "${kinds[@]}"; do
  "$canopy" plugin new "My${kind^}" --kind "$kind" --directory "$work"
  packages+=("$work/My${kind^}")
done
printf '%s\0' "${packages[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c '
  ${SWIFT:-swift} build --quiet --package-path "$1" --scratch-path "$2/build-${1##*/}" --build-tests' build {} "$work"

# Runs a command that must be refused with a sentence that has a text in it, and with status 65 if the input is wrong, 64 if
# the command line is.
refused() { # STATUS TEXT COMMAND…
  local status=0 sentence expected=$1 text=$2
  shift 2
  sentence=$("$@" 2>&1) || status=$?
  [ "$status" = "$expected" ] && [[ $sentence == *"$text"* ]] || fail "status $status and: $sentence"
}

package "$examples/JetShapeTagger"
cd "$examples/JetShapeTagger"
"$canopy" plugin list --plugin "$library" | grep -q '^jet-shape-tagger 1.0.0' || fail "the head is not listed"
"$canopy" train jet-shape-tagger.yaml -o "$work/model" --set training.epochs=1 --set data.max-events=400 \
  --plugin "$library"
classify() { # [OPTION…]
  "$canopy" classify ../../Samples/w-events.jsonl --model "$work/model" --format jsonl "$@"
}
classify --plugin "$library" > "$work/scores.jsonl"
grep -q '"shapes":{"score":' "$work/scores.jsonl" || fail "no scores"
CANOPY_PLUGIN_PATH=$(dirname "$library") classify | cmp - "$work/scores.jsonl" || fail "other scores"
# A program in C++ loads it too.
"${CXX:-c++}" -std=c++17 -I ../../../Sources/CCanopy/include ../C/tag.cpp -L "${canopy%/*}" -lCanopyC \
  -Wl,-rpath,"${canopy%/*}" -o "$work/tag"
(($("$work/tag" "$work/model" jet/shapes/score "$library" < ../../Samples/w-events.txt | wc -l) > 10)) ||
  fail "a program in C++ has no scores"
refused 65 "There is no plugin jet-shape-tagger 1.0.0 here" "$work/tag" "$work/model" jet/shapes/score
refused 65 "There is no plugin jet-shape-tagger 1.0.0 here: load its library by --plugin" classify
refused 65 "it is no library" classify --plugin "$PWD/Package.swift"

# A library that was built with other sources of Canopy, of which nothing runs.
fingerprint=$(grep -aoE 'CANOPY SOURCES 9b41f6e2[|][0-9a-f]+' "$library" | head -n 1)
LC_ALL=C sed "s/$fingerprint/${fingerprint%????????}01234567/" "$library" > "$work/libOther.so"
refused 65 "it is built with other sources of Canopy" classify --plugin "$work/libOther.so"

package "$examples/ConstituentTransformer"
cd "$examples/ConstituentTransformer"
"$canopy" plugin list --plugin "$library" | grep -q '^constituent-transformer 1.0.0' || fail "the stage is not listed"
"$canopy" train constituent-transformer.yaml -o "$work/transformer" --set training.epochs=1 \
  --set data.max-events=400 --plugin "$library"
"$canopy" classify ../../Samples/w-events.jsonl --model "$work/transformer" --format jsonl --plugin "$library" |
  grep -q '"w-tagger":{"score":' || fail "no scores on the transformer"
refused 65 "There is no stage constituent-transformer 1.0.0 here: load its library by --plugin" "$canopy" classify \
  ../../Samples/w-events.jsonl --model "$work/transformer"
refused 64 "unknown key 'widht' in embedding; did you mean 'width'?" "$canopy" train constituent-transformer.yaml \
  -o "$work/refused" --set embedding.widht=8 --plugin "$library"

cd "$work/TreeMemory"
package "$PWD"
"$canopy" plugin list --plugin "$library" | grep -q "^  tree-memory  *$library " || fail "the cell is not listed"
"$canopy" settings embedding --plugin "$library" | grep -q '^| `tree-memory` |' || fail "the settings lack the cell"
"$canopy" train tree-memory.yaml -o "$work/tree-memory" --set training.epochs=1 --set data.max-events=400 \
  --plugin "$library"
"$canopy" classify "$examples/../Samples/w-events.jsonl" --model "$work/tree-memory" --format jsonl \
  --plugin "$library" | grep -q '"tagger":{"score":' || fail "no scores with the cell"
refused 65 "there is no recursive cell tree-memory here: load its library by --plugin" "$canopy" classify \
  "$examples/../Samples/w-events.jsonl" --model "$work/tree-memory"
refused 65 "embedding.cell is refused: there is no recursive cell tree-memory here" "$canopy" train tree-memory.yaml \
  -o "$work/refused"

package "$examples/AdversarialTagger"
cd "$examples/AdversarialTagger"
train() { # [OPTION…]
  "$canopy" train adversarial-tagger.yaml -o "$work/adversarial" --plugin "$library" "$@"
}
train --set training.epochs=1
train --resume --set training.epochs=2
"$canopy" classify ../../Samples/dihiggs/hh-events.hepmc.zst --model "$work/adversarial" --format jsonl \
  --plugin "$library" | grep -q '"dihiggs":{"score":' || fail "no scores of the adversarial tagger"

package "$examples/GroomedMass"
cd "$examples/GroomedMass"
groomed=(--model "$work/groomed" --plugin "$library")
train() { # OUTPUT [OPTION…]
  "$canopy" train groomed-mass.yaml --plugin "$library" --set data.max-events=600 -o "$@"
}
train "$work/groomed" --set training.epochs=2 --set training.schedule=constant
train "$work/parts" --set training.epochs=1 --set training.schedule=constant
train "$work/parts" --set training.epochs=2 --set training.schedule=constant --resume
cmp "$work/groomed/weights.safetensors" "$work/parts/weights.safetensors" || fail "other weights of a resumed training"
"$canopy" inspect "$work/groomed" --plugin "$library" > "$work/report"
grep -q 'groomed-mass (derived)' "$work/report" && grep -q '^ *preparation .*width' "$work/report" ||
  fail "derived truth or preparation are not shown"
"$canopy" evaluate ../../Samples/w-vs-qcd-small.h5 "${groomed[@]}" --report "$work/figures" > "$work/report"
grep -qE '^ *from \[GeV\] +to \[GeV\] +jets +mean response$' "$work/report" || fail "no table of the head"
for file in groomed-response groomed-by-mass; do
  [ -s "$work/figures/$file.png" ] && [ -s "$work/figures/$file.svg" ] && [ -s "$work/figures/$file.csv" ] ||
    fail "no figure $file"
done
[ -s "$work/figures/groomed-responses.csv" ] || fail "no table in the report"
"$canopy" evaluate ../../Samples/w-vs-qcd-small.h5 "${groomed[@]}" --format json |
  grep -q '"label" : "Mass after soft drop"' || fail "no figure in the JSON"
"$canopy" classify ../../Samples/w-events.jsonl "${groomed[@]}" --format jsonl |
  grep -q '"groomed":{"mass":' || fail "no groomed masses"

package "$examples/VectorBosonFusion"
cd "$examples/VectorBosonFusion"
"$canopy" plugin list --plugin "$library" | grep -q '^vector-boson-fusion 1.0.0' || fail "the decision is not listed"
trigger() { # [OPTION…]
  "$canopy" trigger ../../Samples/ditau/tautau-mass-small.h5 --menu vector-boson-fusion.yaml \
    --model ../../Models/ditau-mass --format jsonl "$@" 2> /dev/null
}
trigger --plugin "$library" > "$work/accepted.jsonl"
grep -q 'tau-pair' "$work/accepted.jsonl" || fail "no event is accepted"
"$canopy" trigger ../../Samples/ditau/tautau-mass-small.h5 --menu vector-boson-fusion.yaml \
  --model ../../Models/ditau-mass --plugin "$library"
refused 65 "There is no decision vector-boson-fusion; load its library by --plugin" "$canopy" trigger \
  ../../Samples/ditau/tautau-mass-small.h5 --menu vector-boson-fusion.yaml --model ../../Models/ditau-mass

package "$examples/RateLimiter"
cd "$examples/RateLimiter"
menu=(--menu rate-limiter.yaml --model ../../Models/w-tagger --plugin "$library")
sample=../../Samples/w-vs-qcd-small.h5
for threads in 1 2 4; do
  "$canopy" trigger "$sample" "${menu[@]}" --threads "$threads" -o "$work/limited-$threads.jsonl" > "$work/report"
  cmp "$work/limited-1.jsonl" "$work/limited-$threads.jsonl" || fail "other accepted events on $threads threads"
done
# The events that the path accepts, by their numbers, compared with those of the same path without a limit.
accepted() { # FILE
  grep '"trigger.boosted-w":1' "$1" | grep -o '"trigger.event-number":[0-9]*' | cut -d : -f 2
}
sed '/rate-limiter/d' rate-limiter.yaml > "$work/free.yaml"
"$canopy" trigger "$sample" --menu "$work/free.yaml" "${menu[@]:2}" -o "$work/free.jsonl" > "$work/report"
accepted "$work/free.jsonl" > "$work/free"
awk '{ n = 0; for (i = NR - 4; i < NR; i++) n += took[i]; if (n < 2) { took[NR] = 1; print } }' "$work/free" \
  > "$work/limited"
accepted "$work/limited-1.jsonl" | cmp - "$work/limited" || fail "the limit is not kept"
[ -s "$work/limited" ] && ! cmp -s "$work/free" "$work/limited" || fail "the limit is not reached"

# A run that is killed while it waits for the rest of its input, and goes on.
for copy in {1..20}; do cat ../../Samples/w-events.jsonl; done > "$work/all.jsonl"
"$canopy" trigger - "${menu[@]}" -o "$work/whole.jsonl" < "$work/all.jsonl" > "$work/report"
mkfifo "$work/events"
"$canopy" trigger - "${menu[@]}" -o "$work/killed.jsonl" < "$work/events" > "$work/report" 2>&1 &
killed=$!
exec 3> "$work/events"
head -n 200 "$work/all.jsonl" >&3
for ((tenths = 0; tenths < 600; tenths++)); do
  # More than the heading.
  [ "$(stat -c %s "$work/killed.jsonl.journal" 2> /dev/null || echo 0)" -gt 20000 ] && break
  sleep 0.1
done
kill -9 "$killed"
wait "$killed" 2> /dev/null || true
exec 3>&-
[ "$(stat -c %s "$work/killed.jsonl.journal")" -gt 20000 ] && [ ! -e "$work/killed.jsonl" ] ||
  fail "the run was not killed in its middle"
"$canopy" trigger - "${menu[@]}" --resume -o "$work/killed.jsonl" < "$work/all.jsonl" > "$work/report"
cmp "$work/whole.jsonl" "$work/killed.jsonl" || fail "other accepted events after a run that was killed"

package "$examples/LHCO"
cd "$examples/LHCO"
"$canopy" plugin list --plugin "$library" | grep -q "^  lhco  *-  *$library " || fail "the format is not listed"
cluster() { # [OPTION…]
  "$canopy" cluster --plugin "$library" --radius 1.0 "$@"
}
# Jets are written by the ending or the name, and read as events again, from their first line or by the name.
cluster ../../Samples/w-events.jsonl -o "$work/jets.lhco"
cluster ../../Samples/w-events.jsonl --format lhco | cmp - "$work/jets.lhco" || fail "other jets by the name"
gzip -k "$work/jets.lhco"
cluster "$work/jets.lhco.gz" -o "$work/again.jsonl"
cluster - --input-format lhco --format jsonl < "$work/jets.lhco" | cmp - "$work/again.jsonl" || fail "other events"
[ "$(wc -l < "$work/again.jsonl")" = 20 ] || fail "events are missing"
inspect=$("$canopy" inspect "$work/jets.lhco" --plugin "$library")
[[ $inspect == *"format "*LHCO* && $inspect == *btag* ]] || fail "$inspect"
# Every other command that reads events.
for command in embed classify; do
  "$canopy" "$command" "$work/jets.lhco" --model ../../Models/w-tagger --plugin "$library" -o "$work/$command.lhco"
  grep -q '^0  19  0' "$work/$command.lhco" || fail "no results of $command"
done
cluster ../../Samples/w-vs-qcd-small.h5 --max-events 400 -o "$work/all.lhco"
awk '/^0 / { print 0, $2, $2 % 2; next } 1' "$work/all.lhco" > "$work/labelled.lhco"
"$canopy" trigger "$work/labelled.lhco" --menu "$work/free.yaml" --model ../../Models/w-tagger --plugin "$library" \
  -o "$work/accepted-jets.jsonl" > "$work/report"
grep -q '"btag":\[' "$work/accepted-jets.jsonl" || fail "no columns of particles in the accepted events"
cat > "$work/lhco.yaml" << END
data: {inputs: ["$work/labelled.lhco"]}
jets: {radius: 1.0, leading: 1, recluster: kt}
embedding: {width: 4}
heads: {tagger: {plugin: jet-tagger, configuration: {truth: trigger, classes: [even, odd]}}}
training: {epochs: 1, batch-size: 64}
END
"$canopy" train "$work/lhco.yaml" -o "$work/lhco-model" --plugin "$library"
"$canopy" evaluate "$work/labelled.lhco" --model "$work/lhco-model" --plugin "$library" | grep -q AUC ||
  fail "no evaluation"
sed 's/^2  4/2  9/' "$work/jets.lhco" > "$work/bad.lhco"
refused 65 "bad.lhco, event 0, line 4, typ is 9.0; an object has one of" cluster "$work/bad.lhco"
refused 65 "give LHCO, HDF5, " cluster README.md
status=0
sentence=$("$canopy" cluster "$work/jets.lhco" --input-format lhco 2>&1) || status=$?
[ "$status" = 64 ] && [[ $sentence == *"lhco, which is no format; choose from hdf5, "*"--plugin"* ]] || fail "$sentence"
sentence=$(cluster "$work/jets.lhco" --format none 2>&1) && fail "a format that there is not"
[[ $sentence == *"choose from table, jsonl, hdf5, npz, lhco, or"* ]] || fail "$sentence"

package "$examples/JetPull"
cd "$examples/JetPull"
"$canopy" plugin list --plugin "$library" | grep -q '^jet-pull 1.0.0' || fail "the observable is not listed"
observed=(../../Samples/w-events.jsonl --radius 1 --observable jet-pull)
"$canopy" cluster "${observed[@]}" --format jsonl --plugin "$library" > "$work/observed.jsonl"
"$canopy" cluster "${observed[@]}" --format jsonl --plugin "$library" --cut 'jet-pull/magnitude > 0.01' \
  > "$work/cut.jsonl"
pulls() { grep -oE '"magnitude":[-+.0-9e]+' "$1" | cut -d : -f 2; }
pulls "$work/observed.jsonl" | awk '$1 > 0.01' > "$work/expected"
pulls "$work/cut.jsonl" | cmp - "$work/expected" || fail "the cut keeps other jets"
[ -s "$work/expected" ] && ! cmp -s "$work/observed.jsonl" "$work/cut.jsonl" || fail "the cut does nothing"
"$canopy" train jet-pull.yaml -o "$work/pull" --set training.epochs=1 --plugin "$library"
"$canopy" classify ../../Samples/w-events.jsonl --model "$work/pull" --format jsonl --plugin "$library" |
  grep -q '"w-tagger":{"score":' || fail "no scores with the observable as a feature"
cat > "$work/observable.yaml" << 'MENU'
observables: {jet-pull: {hardest-branch: true}}
paths:
  - name: pulled
    conditions: [{jet: {quantity: jet-pull/magnitude}, min: 0.001}]
MENU
"$canopy" trigger ../../Samples/w-events.jsonl --menu "$work/observable.yaml" --model ../../Models/w-tagger \
  --plugin "$library" | grep -q pulled || fail "the menu does not use the observable"
refused 65 "There is no observable jet-pull 1.0.0; load its library by --plugin" "$canopy" classify \
  ../../Samples/w-events.jsonl --model "$work/pull"

for kind in "${kinds[@]}"; do
  name=My${kind^}
  package "$work/$name"
  cd "$work/$name"
  case $kind in
    observable)
      "$canopy" cluster "$examples/../Samples/w-events.jsonl" --observable my-observable --plugin "$library" |
        grep -q my-observable/width || fail "no numbers of the observable"
      "$canopy" train my-observable.yaml -o "$work/$kind-model" --set training.epochs=1 --plugin "$library" ;;
    decision)
      # With a tagger of one jet an event it accepts events too.
      "$canopy" trigger "$examples/../Samples/w-vs-qcd-small.h5" --menu my-decision.yaml \
        --model "$examples/../Models/w-tagger" --plugin "$library" | grep -Eq '^ *back-to-back +1 +[1-9]' ||
        fail "the decision accepts nothing" ;;
    format)
      "$canopy" cluster my-format.txt --plugin "$library" | grep -q '^ *1 ' || fail "no jets of my-format.txt"
      # Accepted events are written in it, and read, trained on and evaluated like others.
      "$canopy" trigger "$examples/../Samples/w-vs-qcd-small.h5" --menu "$work/free.yaml" \
        --model "$examples/../Models/w-tagger" --plugin "$library" -o accepted.my-format > "$work/report"
      "$canopy" inspect accepted.my-format --plugin "$library" | grep -q '^format  *MyFormat' || fail "another format"
      ;;
    *) "$canopy" train "my-$kind.yaml" -o "$work/$kind-model" --set training.epochs=1 --plugin "$library" ;;
  esac
done

# What a loaded head says of its input has the file, the event and the head, and the exit status of bad input, like what
# a built-in one says.
cd "$work/MyRegression"
build "$PWD"
sed 's/plugin: my-regression/plugin: mass-regression/; s/scale: 110/rows: events, scale: 110/' \
  my-regression.yaml > mass-regression.yaml
for mass in 90 120 -1 {80..150}; do
  echo "{\"particles\": [[30, 0, 1, 31], [-20, 9, 5, 24]], \"truth_mass\": $mass}"
done > negative.jsonl
for head in my mass; do
  refused 65 "negative.jsonl, event 2: truth_mass is -1.0 GeV" "$canopy" train "$head-regression.yaml" \
    --set data.inputs='[negative.jsonl]' -o refused --plugin "$library"
done
# What a head looks at itself is said with its name, and a setting that it declares with the option that it was given by.
refused 65 "the head ditau-mass: " "$canopy" train my-regression.yaml \
  --set heads.ditau-mass.configuration.scale=-1 -o refused --plugin "$library"
refused 64 "--set heads.ditau-mass.configuration.scale=-1: " "$canopy" train mass-regression.yaml \
  --set heads.ditau-mass.configuration.scale=-1 -o refused --plugin "$library"

# A class that is absent in a value of a condition leaves a dash there.
cd "$work/MyHead"
build "$PWD"
"$canopy" train my-head.yaml -o conditioned --set training.epochs=1 --plugin "$library" \
  --set 'events={reads: jets, momenta: relative, width: 4, inputs: {conditions: [label]}}'
"$canopy" evaluate "$CANOPY_PLUGIN_KIT/samples/w-vs-qcd-small.h5" --model conditioned --plugin "$library" |
  grep -qE '^ +1 +1000 +0 +-' || fail "no dash for a class that is absent"

# An edit is a matter of seconds.
echo "// Edited." >> Sources/MyHead/MyHead.swift
build "$PWD"
echo "the plugins are built, tested, loaded and used"
