#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds trigger.cpp against the library of Canopy's trigger, runs it, and compares what it says of some events with what
# `canopy trigger` says of them.
# Usage: trigger.sh FOLDER, where the package manager has put canopy and libCanopyC.so
set -euo pipefail
built=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
events=Resources/Samples/w-events.txt
model=Resources/Models/w-tagger
menu=Resources/Examples/trigger.yaml

"${CXX:-c++}" -std=c++17 -Wall -Wextra -Werror -I Sources/CCanopy/include Resources/Examples/C/trigger.cpp \
  -L "$built" -lCanopyC -Wl,-rpath,"$built" -o "$work/trigger"
"$work/trigger" "$model" "$menu" <"$events" >"$work/library"
"$built/canopy" trigger "$events" --menu "$menu" --model "$model" --format jsonl >"$work/command" 2>"$work/report"

LC_ALL=C awk '
  FNR == NR {
    lines++
    for (i = 2; i <= NF; i++) {
      split($i, part, "=")
      gsub("/", ".", part[1])
      said[$1, part[1]] = part[2]
    }
    next
  }
  {
    lines--
    match($0, /"number":[0-9]+/)
    number = substr($0, RSTART + 9, RLENGTH - 9)
    while (match($0, /"trigger\.[^"]*":[^,}]+/)) {
      split(substr($0, RSTART + 9, RLENGTH - 9), part, "\":")
      $0 = substr($0, RSTART + RLENGTH)
      if (part[1] ~ /\.conditions$/ || part[1] == "pass-through" || part[1] == "event-number" ||
        part[1] == "acceptance-probability") continue
      compared++
      if (part[2] == "null" || said[number, part[1]] + 0 != part[2] + 0) {
        print "event " number ": " part[1] " is " said[number, part[1]] " from the library and " part[2] " from the command"
        differ = 1
      }
    }
  }
  END {
    if (lines != 0 || compared == 0) print "the library and the command accept different events"
    else if (!differ) print "the library and the command agree on " compared " numbers"
    exit lines != 0 || compared == 0 || differ
  }' "$work/library" "$work/command"

# What is wrong is said, not thrown.
if "$work/trigger" "$model" missing.yaml </dev/null 2>"$work/error"; then exit 1; fi
grep -q 'missing.yaml' "$work/error"
