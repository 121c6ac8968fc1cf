#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs a wheel into a fresh environment and shows that it works there with nothing but Python: no library is loaded from
# elsewhere but those that every system has, and none asks for a newer one; the demo runs, the example of the page on Python has
# its results, a model is trained, and scores are those of a program that is built here. With SWIFT=swift, a plugin is built too.
#
#   Resources/Checks/wheel.sh WHEEL CANOPY [ENVIRONMENT]   # the fresh environment is left there
set -euo pipefail
wheel=$(realpath -e "$1")
built=$(realpath -e "$2")
page=$(realpath "$(dirname "$0")/../../Sources/Canopy/Canopy.docc/FromPython.md")
work=$(mktemp -d)
venv=$(realpath -m "${3:-$work/venv}")
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
  echo "wheel.sh: $1" >&2
  exit 1
}

# Runs a command without this environment, and so without Swift; with the same kernels of OpenBLAS, for the same bits.
bare() {
  env -i HOME="$work" PATH="$venv/bin:/usr/bin:/bin" ${OPENBLAS_CORETYPE+OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"} "$@"
}

[[ ! -e $venv ]] || fail "$venv is there already"
python3 -m venv "$venv"
started=$SECONDS
bare pip install --quiet --disable-pip-version-check "$wheel"
echo "installed in $((SECONDS - started)) s, $(du -sm "$venv" | cut -f 1) MB"
package=$(bare python -c 'import canopy, os; print(os.path.dirname(canopy.__file__))')

for binary in "$package"/bin/canopy "$package"/lib/*.so "$package"/lib/canopy/plugin-kit/*.so "${package}_hep.libs"/*; do
  elsewhere=$(bare ldd "$binary" | grep -vE "statically linked|=> $venv/|^\s*(linux-vdso|/lib64/ld-linux|lib(c|gcc_s|m|stdc\+\+|z)\.so)") &&
    fail "$binary loads: $elsewhere"
  newer=$(readelf -V "$binary" | grep -oE '\b(GLIBC_2\.(3[5-9]|[4-9][0-9])|GLIBCXX_3\.4\.[3-9][0-9])\b') &&
    fail "$binary asks for: $newer"
done
# Packages with the same libraries, such as h5py with HDF5, do not find these.
shared=$(nm --dynamic --defined-only --extern-only "$package/lib/libcanopy.so" "${package}_hep.libs"/* |
  grep -E ' (H5|cblas_|curl_|SSL_|_ZNK?(7fastjet|6HepMC3))') &&
  fail "symbols of libraries have names that others ask for: ${shared%%$'\n'*}"

bare canopy demo >demo
grep -q '^12\. Trigger' demo || fail "the demo does not end: $(tail -n 1 demo)"

bare python - "$page" <<'END'
import doctest
import pathlib
import re
import sys

page = pathlib.Path(sys.argv[1]).read_text()
names = {}
exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)
session = re.search(r"```\n(>>> .*?)```", page, re.DOTALL)[1]
test = doctest.DocTestParser().get_doctest(session, names, "page", sys.argv[1], 0)
sys.exit(doctest.DocTestRunner().run(test).failed)
END

bare canopy demo --examples examples
for example in C/cluster.c canopy.ipynb coffea_processor.py onnx.py; do
  [[ -s examples/Examples/$example ]] || fail "there is no example $example"
done

resources=$package/share/canopy/Resources
bare canopy train "$resources/Configurations/w-tagger-lund.yaml" -o tagger --set training.epochs=1 \
  --set "data.inputs=[$resources/Samples/w-vs-qcd-small.h5]" --set data.max-events=400 --set data.validation-fraction=0.5 >training 2>&1
for model in tagger w-tagger; do
  scores=("$resources/Samples/w-events.jsonl" --model "$model" --format jsonl)
  bare canopy classify "${scores[@]}" >"$model.jsonl"
  "$built" classify "${scores[@]}" | cmp - "$model.jsonl" || fail "other scores than those of $built"
done

if [[ -n ${SWIFT:-} ]]; then
  "$venv/bin/canopy" plugin new MyTagger
  cd MyTagger
  "$SWIFT" build -c release
  "$SWIFT" test
  bare canopy plugin check .build/release/libMyTagger.so
  bare canopy train my-tagger.yaml -o model --plugin .build/release/libMyTagger.so --set training.epochs=1
  bare pip install --quiet --disable-pip-version-check h5py
  for order in 'canopy.load_plugins(plugin); import h5py' 'import h5py; canopy.load_plugins(plugin)'; do
    bare python - "$order" <<'END'
import sys

import canopy

plugin = ".build/release/libMyTagger.so"
exec(sys.argv[1])
with h5py.File("order.h5", "w") as file:
    file["numbers"] = range(100)
with h5py.File("order.h5") as file:
    assert sum(file["numbers"]) == 4950
assert len(canopy.read(f"{canopy.__path__[0]}/share/canopy/Resources/Samples/w-vs-qcd-small.h5", max_events=10)) == 10
END
  done
  bare python - <<'END'
import canopy

canopy.load_plugins(".build/release/libMyTagger.so")
model = canopy.load_model("model")
particles = {"pt": [300.0, 200.0], "eta": [0.0, 0.3], "phi": [0.0, 0.2], "mass": [0.0, 0.0]}
import awkward

jets = model.classify(awkward.Array([[dict(zip(particles, values)) for values in zip(*particles.values())]])).jets
assert len(jets[0]) == 1, jets
END
fi
echo "the wheel works by itself"
