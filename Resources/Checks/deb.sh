#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Unpacks a Debian package and shows that it works from there, without this environment: no library is loaded from elsewhere but
# those that every system has, the demo runs, and a program in C is built by pkg-config and finds the library.
# Usage: Resources/Checks/deb.sh PACKAGE
set -euo pipefail
package=$(realpath -e "$1")
examples=$(realpath "$(dirname "$0")/../Examples")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "deb.sh: $1" >&2
  exit 1
}
bare() { env -i HOME="$work" PATH="$work/root/usr/bin:/usr/bin:/bin" "$@"; }

dpkg-deb --extract "$package" root
home=$work/root/usr/lib/canopy
for binary in "$home"/bin/canopy "$home"/lib/*.so*; do
  elsewhere=$(bare ldd "$binary" | grep 'not found') && fail "$binary lacks $elsewhere"
done
elsewhere=$(bare ldd "$home/bin/canopy" "$home/lib/libcanopy.so" |
  grep -E '^\s' | grep -vE "=> $home/|^\s*(linux-vdso|/lib64/ld-linux|lib(c|gcc_s|m|stdc\+\+|z)\.so)") &&
  fail "libraries of the system are loaded: $elsewhere"

bare canopy demo >demo
grep -q '^12\. Trigger' demo || fail "the demo does not end: $(tail -n 1 demo)"

flags=$(PKG_CONFIG_PATH=$(dirname "$(find root -name canopy.pc -path '*linux-gnu*')") \
  pkg-config --define-variable=prefix="$home" --cflags --libs canopy)
cc "$examples/C/cluster.c" -o cluster $flags -lm
bare ./cluster | grep -q 'pt .* GeV' || fail "the program in C finds no jets"
dpkg-deb --info "$package"
echo "the package works by itself"
