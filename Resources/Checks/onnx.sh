#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Exports each shipped model and compares its graph with it by ONNX Runtime, on 10,000 jets or 5,000 events: differences
# above 10^-5 end it. Usage: PYTHON=… Resources/Checks/onnx.sh CANOPY DATA, where DATA has what Resources/Samples/generate.py
# makes.
set -euo pipefail
canopy=$(realpath "$1")
data=$(realpath "$2")
cd "$(dirname "$0")/../Models"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

check() { # MODEL FILE EVENTS OPTION...
  echo "$1, ${*:4}"
  "$canopy" export "$1" -o "$folder/$1.onnx" --check "{file: '$data/$2', max-events: $3}" "${@:4}"
}

for precision in float32 float16; do
  check w-tagger w-vs-qcd.h5 10000 --precision $precision
  check fat-jet-mass w-vs-qcd.h5 10000 --precision $precision
  check dihiggs hh-vs-ttbar.h5 5000 --precision $precision --condition resonance_mass=500
  check ditau-mass tautau-mass.h5 5000 --precision $precision
done
# Folds, and what stages read that the shipped models do not, are in Sources/Python/tests/test_onnx.py.
# Events without jets say nothing.
echo '{"particles": [[1, 0, 0, 2]]}' >"$folder/soft.jsonl"
if "$canopy" export w-tagger -o "$folder/unchecked.onnx" --check "$folder/soft.jsonl" || [[ -e $folder/unchecked.onnx ]]; then
  echo "a check of nothing passes" >&2
  exit 1
fi
ls -l "$folder"
