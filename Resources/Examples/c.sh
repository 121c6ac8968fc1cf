#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the programs of Resources/Examples/C against Canopy's C interface by CMake, with AddressSanitizer and UBSan, and
# compares what they say with what the command says of the same events.
# Usage: c.sh FOLDER, where the package manager has put canopy and libCanopyC.so
set -euo pipefail
built=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
model=Resources/Models/w-tagger
events=Resources/Samples/w-events.txt

.ci/c-library "$built" "$work/prefix"
flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
cmake -S Resources/Examples/C -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_C_FLAGS="$flags" \
  -DCMAKE_CXX_FLAGS="$flags" >"$work/log" 2>&1 && cmake --build "$work/build" >>"$work/log" 2>&1 ||
  { cat "$work/log" >&2; exit 1; }
# What Swift's runtime keeps until the end is none of these programs.
export ASAN_OPTIONS=detect_leaks=0

# Jets, and what is wrong with a setting.
"$work/build/cluster" | tee "$work/jets"
printf '40 0.1 0.0 0\n60 0.2 0.1 0\n90 -0.3 3.2 0.14\n' | awk '
  { px = $1 * cos($3); py = $1 * sin($3); pz = $1 * (exp($2) - exp(-$2)) / 2
    printf "%.17g %.17g %.17g %.17g\n", px, py, pz, sqrt(px * px + py * py + pz * pz + $4 * $4) }
  END { print "#END" }' >"$work/particles.txt"
"$built/canopy" cluster "$work/particles.txt" --radius 0.4 --min-pt 20 --constituents --format jsonl |
  LC_ALL=C awk '{
    count = split($0, jets, /"pt":/)
    for (jet = 2; jet <= count; jet++) {
      match(jets[jet], /"mass":[^,}]+/)
      mass = substr(jets[jet], RSTART + 7, RLENGTH - 7)
      match(jets[jet], /"constituents":\[[^]]*/)
      particles = substr(jets[jet], RSTART + 16, RLENGTH - 16)
      gsub(",", " ", particles)
      printf "pt %.6f GeV, mass %.6f GeV, particles %s\n", jets[jet], mass, particles
    }
  }' >"$work/command"
diff "$work/command" "$work/jets"
status=0
"$work/build/cluster" '{algorithm: antikta}' 2>"$work/error" || status=$?
[[ $status == 64 ]] && grep -q "did you mean 'antikt'" "$work/error"

# Scores.
"$work/build/tag" "$model" jet/w-tagger/score <"$events" >"$work/scores"
"$built/canopy" classify "$events" --model "$model" --format jsonl 2>/dev/null |
  LC_ALL=C awk '{
    match($0, /"event":[0-9]+/)
    event = substr($0, RSTART + 8, RLENGTH - 8)
    count = split($0, jets, /"pt":/)
    for (jet = 2; jet <= count; jet++) {
      match(jets[jet], /"score":[^,}]+/)
      printf "%d %.9g %s\n", event, jets[jet], substr(jets[jet], RSTART + 8, RLENGTH - 8)
    }
  }' >"$work/command"
# Both print the same numbers with other digits at the end.
paste -d ' ' "$work/scores" "$work/command" | LC_ALL=C awk '
  function differ(a, b) { return a - b > 1e-6 * b || b - a > 1e-6 * b }
  NF != 6 || $1 != $4 || differ($2, $5) || differ($3, $6) { print "the library and the command differ: " $0; exit 1 }
  END { if (NR == 0) exit 1 }'
echo "the library and the command agree on the scores of $(wc -l <"$work/scores") jets"

# A program that is built without CMake.
PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig "${CC:-cc}" Resources/Examples/C/cluster.c -o "$work/cluster" \
  $(PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig pkg-config --cflags --libs canopy) -Wl,-rpath,"$work/prefix/lib"
"$work/cluster" | diff - "$work/jets"
