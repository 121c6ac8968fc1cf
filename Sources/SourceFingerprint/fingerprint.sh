#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes a Swift file with the fingerprint of source files, which depends on their names below a folder and their content.
# Usage: fingerprint.sh FOLDER OUTPUT FILE…
set -eu
folder=$1
output=$2
shift 2
if command -v sha256sum >/dev/null; then digest=sha256sum; else digest='shasum -a 256'; fi
fingerprint=$(for file; do
  echo "${file#"$folder"/} $($digest <"$file")"
done | $digest | cut -c 1-32)
cat >"$output" <<EOF
/// The sources of all modules that a plugin can import, and of those behind them, as a plugin's library holds them.
@usableFromInline @_alwaysEmitIntoClient
var sourceFingerprint: StaticString { "CANOPY SOURCES 9b41f6e2|$fingerprint|" }
EOF
