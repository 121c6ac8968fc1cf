#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Feeds damaged files to everything of Canopy that reads files, under AddressSanitizer.
# Usage: Tests/Fuzzing/fuzz.sh SECONDS [TARGET…]
#
# The seconds are shared by the targets. What libFuzzer learns stays in .build-fuzz/corpus for the next time, and each
# input that crashed, hung (20 s) or took too much memory (2 GB) is in .build-fuzz/findings. The status is 1 if there is
# any.
set -euo pipefail
cd "$(dirname "$0")/../.."
swift=${SWIFT:-swift}
seconds=${1:?Usage: Tests/Fuzzing/fuzz.sh SECONDS [TARGET…]}
shift
targets=("$@")
((${#targets[@]})) ||
  targets=(hepmc2 hepmc3 lhe json text hdf5 compressed model weights checkpoint configuration settings menu journal formula
    folds pile-up)

build=$PWD/.build-fuzz
clang=$(dirname "$(readlink -f "$(command -v "$swift")")")/clang
library=$("$clang" -print-file-name=libclang_rt.fuzzer_no_main-"$(uname -m)".a)
[[ -e $library ]] || library=$("$clang" -print-file-name=libclang_rt.fuzzer_no_main.a)
[[ -e $library ]] || { echo "The Swift toolchain has no libFuzzer; get one from https://www.swift.org/install." >&2; exit 1; }
# Several of these may run side by side, each with targets of its own: one builds, and makes what the targets need.
mkdir -p "$build"
exec {lock}>"$build/fuzz.lock"
flock "$lock"
"$swift" build --package-path Tests/Fuzzing --scratch-path "$build" --configuration release --sanitize address \
  --disable-index-store -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table,trace-cmp \
  -Xcc -fsanitize=fuzzer-no-link -Xlinker "$library" -Xlinker -lstdc++

fuzz=$build/release/CanopyFuzz
memory=/dev/shm
[[ -w $memory ]] || memory=${TMPDIR:-/tmp}
scratch=$(mktemp -d "$memory/canopy-fuzz.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch
# libhdf5 leaks a little when it refuses a file, and a backtrace of each finding costs more than finding it.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:handle_abort=1:detect_odr_violation=0
export SWIFT_BACKTRACE=enable=no
prepared=$build/fixtures/prepared
if [[ ! $prepared -nt $fuzz ]]; then
  "$fuzz" prepare "$build/fixtures"
  mkdir -p "$build/fixtures/seeds/compressed"
  for compress in gzip zstd xz bzip2; do
    [[ -x $(command -v $compress) ]] || continue
    for seed in json/seed text/seed; do
      $compress -c "$build/fixtures/seeds/$seed" >"$build/fixtures/seeds/compressed/$(dirname $seed).$compress"
    done
  done
  touch "$prepared"
fi
flock -u "$lock"

share=$((seconds / ${#targets[@]}))
for target in "${targets[@]}"; do
  echo "== $target: $share s"
  mkdir -p "$build/corpus/$target" "$build/findings/$target"
  CANOPY_FUZZ=$build/fixtures/$target "$fuzz" -fork=1 -ignore_crashes=1 -ignore_timeouts=1 -ignore_ooms=1 \
    -max_total_time="$share" -timeout=20 -rss_limit_mb=2048 -max_len=65536 -detect_leaks=0 -artifact_prefix="$build/findings/$target/" \
    "$build/corpus/$target" "$build/fixtures/seeds/$target" </dev/null >"$build/$target.log" 2>&1 || true
  tail -n 1 "$build/$target.log"
  rm -rf "${scratch:?}"/*
done

found=0
for finding in "$build"/findings/*/*; do
  [[ -e $finding ]] || continue
  found=1
  target=$(basename "$(dirname "$finding")")
  echo "$target: CANOPY_FUZZ=.build-fuzz/fixtures/$target .build-fuzz/release/CanopyFuzz ${finding#"$PWD"/}"
done
((found == 0)) && echo "Nothing was found." || exit 1
