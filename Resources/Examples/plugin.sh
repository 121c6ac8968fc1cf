#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds plugins as packages outside of Canopy, loads them into a program that is built already, and uses them as a user
# would: a head, a decision, and what `canopy plugin new` writes; and what is said without them.
#
#   Resources/Examples/plugin.sh FOLDER [CONFIGURATION]   # FOLDER has the program canopy, built as debug or release
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
canopy=$(cd "$1" && pwd)/canopy
configuration=${2:-debug}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "plugin.sh: $1" >&2
  exit 1
}

# Builds a package and runs its tests; a library is built as the program was, tests for debugging.
package() { # FOLDER
  local name=${1##*/}
  local scratch=$examples/../../.build-plugin/$name
  local options=(--package-path "$1" --scratch-path "$scratch")
  # The package manager does not see files that are new in Canopy: let it plan again.
  rm -f "$scratch"/*.yaml
  ${SWIFT:-swift} test "${options[@]}"
  [ "$configuration" = debug ] || ${SWIFT:-swift} build "${options[@]}" -c "$configuration"
  library=$(${SWIFT:-swift} build "${options[@]}" -c "$configuration" --show-bin-path)/lib$name.so
  "$canopy" plugin check "$library" || fail "$name does not conform"
}

# Runs a command that must be refused as bad input, with a sentence that has a text in it.
refused() { # TEXT COMMAND…
  local status=0 sentence text=$1
  shift
  sentence=$("$@" 2>&1) || status=$?
  [ "$status" = 65 ] && [[ $sentence == *"$text"* ]] || fail "status $status and: $sentence"
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
refused "There is no plugin jet-shape-tagger 1.0.0 here: load its library by --plugin" classify
refused "it is no library" classify --plugin "$PWD/Package.swift"

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
refused "There is no decision vector-boson-fusion; load its library by --plugin" "$canopy" trigger \
  ../../Samples/ditau/tautau-mass-small.h5 --menu vector-boson-fusion.yaml --model ../../Models/ditau-mass

for kind in head decision; do
  name=My${kind^}
  "$canopy" plugin new "$name" --kind "$kind" --directory "$work"
  package "$work/$name"
  cd "$work/$name"
  case $kind in
    head) "$canopy" train my-head.yaml -o "$work/my-model" --set training.epochs=1 --plugin "$library" ;;
    decision) "$canopy" trigger "$examples/../Samples/ditau/tautau-mass-small.h5" --menu my-decision.yaml \
      --model "$examples/../Models/ditau-mass" --plugin "$library" ;;
  esac
done
echo "the plugins are built, tested, loaded and used"
