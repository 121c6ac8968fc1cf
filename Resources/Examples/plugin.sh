#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the head of JetShapeTagger as a package outside of Canopy, loads it into a program that is built already, and
# uses it as a user would: check, train, classify, and what is said without it.
#
#   Resources/Examples/plugin.sh FOLDER      # FOLDER has the program canopy, built in debug mode
set -euo pipefail
examples=$(cd "$(dirname "$0")" && pwd)
canopy=$(cd "$1" && pwd)/canopy
package=$examples/JetShapeTagger
built=$examples/../../.build-plugin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "plugin.sh: $1" >&2
  exit 1
}

${SWIFT:-swift} build --package-path "$package" --scratch-path "$built"
library=$(${SWIFT:-swift} build --package-path "$package" --scratch-path "$built" --show-bin-path)/libJetShapeTagger.so

"$canopy" plugin list --plugin "$library" | grep -q '^jet-shape-tagger 1.0.0' || fail "the plugin is not listed"
"$canopy" plugin check "$library" || fail "the plugin does not conform"

cd "$package"
train() { # MODEL [OPTION…]
  "$canopy" train jet-shape-tagger.yaml -o "$@" --set training.epochs=1 --set data.max-events=400
}
train "$work/model" --plugin "$library"
classify() { # [OPTION…]
  "$canopy" classify ../../Samples/w-events.jsonl --model "$work/model" --format jsonl "$@"
}
classify --plugin "$library" > "$work/scores.jsonl"
grep -q '"shapes":{"score":' "$work/scores.jsonl" || fail "no scores"
CANOPY_PLUGIN_PATH=$(dirname "$library") classify | cmp - "$work/scores.jsonl" || fail "other scores"

status=0
sentence=$(classify 2>&1) || status=$?
[ "$status" = 65 ] && [[ $sentence == *"There is no plugin jet-shape-tagger 1.0.0 here: load its library by --plugin"* ]] ||
  fail "without the plugin there is status $status and: $sentence"
sentence=$(classify --plugin "$package/Package.swift" 2>&1) && fail "a text was taken for a plugin"
[[ $sentence == *"it is no library"* ]] || fail "a text is refused by: $sentence"
echo "the plugin JetShapeTagger is built, loaded, trained and used"
