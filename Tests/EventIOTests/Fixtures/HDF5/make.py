# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the HDF5 files of this folder by h5py: further layouts, and files that reach out of themselves.

Needs numpy and h5py; run it in this folder. Each file has the two events of EVENTS: two particles, then one.
"""

import h5py
import numpy as np

# pt, eta, phi, mass of each particle; powers of two where a test compares exactly.
EVENTS = [[(2.0, 0.5, 1.0, 0.13957039), (4.0, -1.0, -2.0, 0.49367700)], [(64.0, 3.0, 0.25, 0.0)]]
PARTICLES = np.array([p for event in EVENTS for p in event])
OFFSET = np.array([0, 2, 3], "u8")
PT, ETA, PHI, MASS = PARTICLES.T
PX, PY, PZ = PT * np.cos(PHI), PT * np.sin(PHI), PT * np.sinh(ETA)
E = np.sqrt(PX**2 + PY**2 + PZ**2 + MASS**2)
VALUES = {"pt": PT, "eta": ETA, "phi": PHI, "mass": MASS, "px": PX, "py": PY, "pz": PZ, "E": E}


def write(name, momenta="pt eta phi mass", dtype="f8", offset=OFFSET, scale=1.0, unit=None, attributes=0, libver=None, user_block=0,
          **options):
    file = h5py.File(name + ".h5", "w", libver=libver, userblock_size=user_block)
    if offset is not None:
        file["event/offset"] = offset
    for key in momenta.split():
        scaled = VALUES[key] * (1 if key in ("eta", "phi") else scale)
        dataset = file.create_dataset(f"particle/{key}", data=scaled.astype(dtype), **options)
        if unit is not None and key not in ("eta", "phi"):
            dataset.attrs["unit"] = unit
        for number in range(attributes):
            dataset.attrs[f"attribute {number}"] = number
    file["event/label"] = np.array([1, 0], "i4")
    return file


# Layouts.
write("cartesian-mass", "px py pz mass")
write("cylindrical-energy", "pt eta phi E")
write("both-single", "pt eta phi mass px py pz E", "f4")
both = write("both-mixed", "px py pz E", "f8")
for key in ("pt", "eta", "phi", "mass"):
    both[f"particle/{key}"] = np.full(3, 1000.0, "f4")
write("mev", "px py pz E", scale=1000, unit="MeV")
write("mev-latest", "px py pz E", scale=1000, unit="MeV", attributes=3, libver="latest")
write("mev-user-block", "px py pz E", scale=1000, unit="MeV", attributes=12, user_block=512)
write("mev-fixed", "px py pz E", scale=1000, unit=np.bytes_(b"MeV"), libver="v110", user_block=1024)
write("many-attributes", "px py pz E", scale=1000, unit="MeV", attributes=12, libver="latest")
write("hundreds-of-attributes", "px py pz E", scale=1000, unit="MeV", attributes=150, libver="v110")
contradiction = write("two-units", "px py pz E", scale=1000, unit="MeV")
contradiction["particle/py"].attrs["units"] = "GeV"
write("tev", "pt eta phi mass", scale=1e-3, unit=np.bytes_(b"TeV"))
write("unknown-unit", "px py pz E", unit="furlong")
write("lzf", chunks=(2,), compression="lzf", shuffle=True)
write("gzip", chunks=(2,), compression="gzip", fletcher32=True)
texts = write("texts")
texts["event/padded"] = np.array([b"ab\0c", b"ab"], "S8")
texts["event/latin"] = np.array([b"\xe9t\xe9", b"\xfct\xe9"], "S3")
texts["event/utf"] = np.array(["été".encode(), b"  a "], "S8")
terminated = h5py.h5t.C_S1.copy()
terminated.set_size(4)
terminated.set_strpad(h5py.h5t.STR_NULLTERM)
ended = h5py.h5d.create(texts["event"].id, b"ended", terminated, h5py.h5s.create_simple((2,)))
ended.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"a\0bc", b"ab\0c"], "S4"), terminated)
columns = write("columns")
columns["particle/pdgid"] = np.array([211, -321, 22], "i8")
columns["particle/charge"] = np.array([1, -1, 0], "i1")
columns["event/weight.muR=0.5%2FmuF=1"] = np.array([0.5, 2.0])
columns["event/number"] = np.array([4711, 4712], "i8")

# Padded arrays.
PADDED = np.zeros((2, 4, 5), "f8")
PADDED[0, 0, :4], PADDED[0, 2, :4], PADDED[1, 1, :4] = PARTICLES
PADDED[0, 0, 4], PADDED[0, 2, 4], PADDED[1, 1, 4] = 211, -321, 22
MASK = np.zeros((2, 4), "?")
MASK[0, 0] = MASK[0, 2] = MASK[1, 1] = True


def padded(name, values, features, mask=None):
    file = h5py.File(name + ".h5", "w")
    file["particles"] = values
    if features is not None:
        file["particles"].attrs["features"] = features
    if mask is not None:
        file["mask"] = mask
    file["event/label"] = np.array([1, 0], "i4")


padded("padded", PADDED, "pt,eta,phi,mass,pdgid")
padded("padded-list", PADDED, ["pt", "eta", "phi", "mass", "pdgid"])
filled = np.where(MASK[:, :, None], PADDED, 7.0)
padded("padded-mask", filled, "pt, eta, phi, mass, pdgid", MASK)
padded("padded-feature-mask", np.concatenate([filled, MASK[:, :, None]], 2), "pt,eta,phi,mass,pdgid,mask")
padded("padded-unnamed", PADDED, None)
padded("padded-misnamed", PADDED, "pt,eta,phi,mass")
padded("padded-without-mass", PADDED, "pt,eta,phi,a,b")
padded("padded-short-mask", PADDED, "pt,eta,phi,mass,pdgid", MASK[:, :3])

# Particles of no event, identifiers of more than 32 bits.
write("unowned-first", offset=np.array([1, 2, 3], "u8"))
write("unowned-last", offset=np.array([0, 1, 2], "u8"))
write("wide")["particle/pdgid"] = np.array([211, 3000000000, 22], "i8")
h5py.File("unwritten.h5", "w").create_dataset("event/offset", (10**12,), "u8", chunks=(1024,))
for key in ("pt", "eta", "phi", "mass"):
    h5py.File("unwritten.h5", "a").create_dataset(f"particle/{key}", (3,), "f8")

# What lies outside. The tests put a file called secret.h5 beside these.
momenta = write("external-link", "pt eta phi")
momenta["particle/mass"] = h5py.ExternalLink("secret.h5", "/particle/mass")
group = h5py.File("external-group.h5", "w")
group["event/offset"] = OFFSET
group["particle"] = h5py.ExternalLink("secret.h5", "/particle")
column = write("external-column")
column["event/secret"] = h5py.ExternalLink("secret.h5", "/event/label")
column["event/dangling"] = h5py.SoftLink("/nowhere")
column["event/loop"] = h5py.SoftLink("/event/loop")
column["event/alias"] = h5py.SoftLink("/event/label")
column["event/relative"] = h5py.SoftLink("label")
column["event/around"] = h5py.SoftLink("/event/secret")
column["event/text"] = np.array([b"a", b"b"])
column["event/short"] = np.zeros(1)
column["event/cube"] = np.zeros((2, 2, 2))
raw = write("external-raw", "pt eta phi")
raw.create_dataset("particle/mass", (3,), "f8", external=[("secret.h5", 0, 24)])
virtual = write("virtual", "pt eta phi")
layout = h5py.VirtualLayout((3,), "f8")
layout[:] = h5py.VirtualSource("secret.h5", "particle/mass", (3,))
virtual.create_virtual_dataset("particle/mass", layout)
write("secret")

# Whole numbers that doubles do not hold, truth values, and numbers that are not finite.
file = write("whole-numbers")
file["event/number"] = np.array([2**53 + 1, -(2**63) + 1], "i8")
file["event/hash"] = np.array([2**64 - 1, 7], "u8")
file["event/run"] = np.array([2**31 - 1, -5], "i4")
file["event/bits"] = np.array([[1, 255], [0, 2]], "u1")
file["event/crossing"] = np.array([2**32 - 1, 3], "u4")
file["event/good"] = np.array([True, False])
file["event/limit"] = np.array([np.inf, -np.inf])
file["particle/barcode"] = np.array([2**60 + 1, 5, 6], "u8")
file["particle/tight"] = np.array([True, True, False])

# Identifiers among the features, one of which is no whole number.
file = write("padded-fraction", "", offset=None)
file["particles"] = np.array([[[1, 0, 0, 1, 211], [2, 0, 0, 2, 211.5]], [[3, 0, 0, 3, 22], [0, 0, 0, 0, 0]]])
file["particles"].attrs["features"] = "px,py,pz,E,pdgid"

# Names that are one name, and one that is no text.
for name, group, rows in [("two-forms-of-events", "event", 2), ("two-forms-of-particles", "particle", 3)]:
    file = write(name)
    for number, form in enumerate(["\u00e9", "e\u0301"]):
        file[f"{group}/{form}"] = np.full(rows, number)
file = write("two-escapes")
file["event/a.b"], file["event/a%2Eb"] = np.zeros(2), np.ones(2)
file = write("latin-1")
file[b"event/caf\xe9"] = np.zeros(2)
padded("padded-two-forms", np.concatenate([PADDED, PADDED[:, :, :1]], 2), ["pt", "eta", "phi", "mass", "\u00e9", "e\u0301"])

# Whole numbers alone, some of which doubles do not hold.
whole = np.zeros((2, 3, 6), "i8")
whole[0, 0], whole[0, 2], whole[1, 1] = (1, 0, 0, 1, 211, 2**53 + 1), (2, 0, 0, 2, -321, 5), (3, 0, 0, 3, 22, -(2**60) - 1)
padded("padded-whole-numbers", whole, "px,py,pz,E,pdgid,barcode")
padded("padded-small-numbers", whole[:, :, [0, 1, 2, 3, 4, 0]].astype("i2"), "px,py,pz,E,pdgid,charge")

# Jets of the file itself, with texts of variable and of fixed length, and texts of events.
file = write("given-jets")
file["jet/offset"] = np.array([0, 2, 3], "u8")
file["jet/pt"] = np.array([4.0, 2.0, 64.0])
file["jet/eta"] = np.array([-1.0, 0.5, 3.0], "f4")
file["jet/phi"] = np.array([-2.0, 1.0, 0.25])
file["jet/flavour"] = ["b", "", "light"]
file["jet/origin"] = np.array([b"top", b"W", b"top"])
file["jet/barcode"] = np.array([2**60 + 1, 5, 6], "i8")
file["jet/wide"] = np.zeros((3, 2))
file["event/process"] = ["t\u0304t", "QCD"]
file["event/generator"] = np.array([b"pythia", b""], "S12")
file.create_dataset("event/chunked", data=["one", "two"], chunks=(1,), maxshape=(None,), dtype=h5py.string_dtype())
text = h5py.string_dtype()
for name, filters in {
    "packed": {"compression": "gzip"},
    "shuffled": {"compression": "gzip", "shuffle": True},
    "lzf": {"compression": "lzf"},
}.items():
    file.create_dataset(f"event/{name}", data=["one", "two"], dtype=text, **filters)
file.create_dataset("event/unwritten", (2,), dtype=h5py.string_dtype())
file = write("given-jets-padded")
file["jet/pt"] = np.array([[4.0, 0.0, 2.0], [np.nan, 64.0, np.nan]])
file["jet/flavour"] = np.array([[5, 9, 0], [9, 4, 9]], "i4")
file["jet/tag"] = [["b", "no", "light"], ["", "c", "no"]]
file["jet/fixed"] = np.array([[b"b", b"", b"light"], [b"", b"c", b""]])
file.create_dataset("jet/packed", data=[["b", "no", "light"], ["", "c", "no"]], dtype=text, compression="gzip")
file = write("given-jets-mask")
file["jet/flavour"] = np.array([[5, 9, 0], [9, 4, 9]], "i4")
file["jet/mask"] = np.array([[True, False, True], [False, True, False]])
file = write("given-jets-backwards")
file["jet/offset"] = np.array([0, 3, 2], "u8")
file["jet/flavour"] = np.array([1, 2], "i4")
# Jets of no event, columns of other lengths and widths.
for name, offset, first, second in [
    ("first", [1, 2, 3], 3, 3),
    ("last", [0, 1, 2], 3, 3),
    ("lengths", [0, 1, 3], 2, 3),
]:
    file = write(f"given-jets-{name}")
    file["jet/offset"] = np.array(offset, "u8")
    file["jet/a"] = np.arange(first, dtype="i4")
    file["jet/b"] = np.arange(second, dtype="i4")
file = write("given-jets-widths")
file["jet/a"] = np.ones((2, 2))
file["jet/b"] = np.ones((2, 3))
file["jet/pt"] = np.ones((2, 3))
