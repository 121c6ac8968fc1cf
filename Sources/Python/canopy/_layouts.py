# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of ROOT files, Parquet files and public datasets, by the layout of their columns."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import awkward as ak
import numpy as np

from . import _sources
from ._errors import InputError
from ._expressions import Expression

Path = str | os.PathLike[str]
# The endings of files that have a layout and are none of the formats of the library.
SUFFIXES = (".root", ".parquet", ".npz")
UNITS = {"GeV": 1.0, "MeV": 1e-3, "TeV": 1e3}
MOMENTA = frozenset({"px", "py", "pz", "E", "energy", "pt", "mass"})

# Expressions of branches by the names of fields. A list has alternatives, of which the first whose branches are there
# is taken, and a field with ? may be absent. The first collection of particles is the default one.
_CMS_JETS = {
    "pt": "Jet_pt",
    "eta": "Jet_eta",
    "phi": "Jet_phi",
    "mass": "Jet_mass",
    "flavour?": "Jet_hadronFlavour",
    "parton_flavour?": "Jet_partonFlavour",
    "b_tag?": "Jet_btagDeepFlavB",
}
_CMS_EVENT = {
    "run": "run",
    "luminosity_block": "luminosityBlock",
    "number": "event",
    "weight?": "genWeight",
    "pileup?": "Pileup_nTrueInt",
}
_CMS_CANDIDATES = {
    "pt": "PFCands_pt",
    "eta": "PFCands_eta",
    "phi": "PFCands_phi",
    "mass": "PFCands_mass",
    "pdgid": "PFCands_pdgId",
    "charge?": "PFCands_charge",
    "d0?": "PFCands_d0",
    "dz?": "PFCands_dz",
    "puppiWeight?": "PFCands_puppiWeight",
}
_CMS_GENERATOR = {
    "pt": "GenPart_pt",
    "eta": "GenPart_eta",
    "phi": "GenPart_phi",
    "mass": "GenPart_mass",
    "pdgid": "GenPart_pdgId",
    "where": "GenPart_status == 1",
}


def _tower(name: str, pdgid: int) -> dict[str, Any]:
    tower = {"pt": "ET", "eta": "Eta", "phi": "Phi"}
    fields: dict[str, Any] = {field: f"{name}.{branch}" for field, branch in tower.items()}
    return fields | {"mass": 0, "pdgid": pdgid, "charge": 0, "d0?": 0, "dz?": 0}


def _constituents(group: str, mass: float | None = None) -> dict[str, Any]:
    """Give constituents of a jet, whose momenta may be relative to it or those of a track; E is given unless mass is.

    Where the jet has no azimuth, it is 0.
    """
    etas = [f"{group}.eta", f"-log(tan({group}.theta / 2))"]
    etas += [f"jets.{jet_eta} + {group}.deta" for jet_eta in ("eta_btagJes", "eta")]
    momenta = [f"{group}.pt", f"abs(sin({group}.theta) / {group}.qOverP)"]
    momenta += [f"1 / abs({group}.qOverP) / cosh({eta})" for eta in etas]
    energies = [f"{group}.energy", f"{group}.E"]
    energies += [f"hypot({group}.pt * cosh({eta}), {group}.mass)" for eta in etas]
    energies += [f"{group}.pt * cosh({eta})" for eta in etas]
    fields = {"pt": momenta, "eta": etas, "phi": [f"{group}.phi", f"jets.phi + {group}.dphi", f"{group}.dphi"]}
    return fields | ({"E": energies} if mass is None else {"mass": mass}) | {"*": f"{group}.*"}


LAYOUTS: dict[str, dict[str, Any]] = {
    "pfnano": {
        "tree": "Events",
        "signature": ["luminosityBlock", "PFCands_pt", "PFCands_pdgId"],
        "particles": {
            "candidates": _CMS_CANDIDATES,
            "generator": _CMS_GENERATOR,
            "generator-jets": {
                "pt": "GenCands_pt",
                "eta": "GenCands_eta",
                "phi": "GenCands_phi",
                "mass": "GenCands_mass",
                "pdgid": "GenCands_pdgId",
                "charge": "GenCands_charge",
            },
        },
        "links": {"candidates": {"particle": "JetPFCands_pFCandsIdx", "jet": "JetPFCands_jetIdx"}},
        "jets": _CMS_JETS,
        "event": _CMS_EVENT,
    },
    "nanoaod": {
        "tree": "Events",
        "signature": ["luminosityBlock", "event", "Jet_pt"],
        "particles": {"candidates": _CMS_CANDIDATES, "generator": _CMS_GENERATOR},
        "jets": _CMS_JETS,
        "event": _CMS_EVENT,
    },
    "physlite": {
        "tree": "CollectionTree",
        "signature": ["EventInfoAuxDyn.eventNumber", "AnalysisJetsAuxDyn.pt", "InDetTrackParticlesAuxDyn.qOverP"],
        "unit": "MeV",
        "particles": {
            # ATLAS gives tracks the mass of a charged pion.
            "tracks": {
                "pt": "abs(sin(InDetTrackParticlesAuxDyn.theta) / InDetTrackParticlesAuxDyn.qOverP)",
                "eta": "-log(tan(InDetTrackParticlesAuxDyn.theta / 2))",
                "phi": "InDetTrackParticlesAuxDyn.phi",
                "mass": 139.57039,
                "charge": "sign(InDetTrackParticlesAuxDyn.qOverP)",
                "d0": "InDetTrackParticlesAuxDyn.d0",
                "z0": "InDetTrackParticlesAuxDyn.z0",
            },
        },
        "jets": {
            "pt": "AnalysisJetsAuxDyn.pt",
            "eta": "AnalysisJetsAuxDyn.eta",
            "phi": "AnalysisJetsAuxDyn.phi",
            "mass": "AnalysisJetsAuxDyn.m",
            "flavour?": "AnalysisJetsAuxDyn.HadronConeExclTruthLabelID",
            "parton_flavour?": "AnalysisJetsAuxDyn.PartonTruthLabelID",
        },
        "event": {
            "run": "EventInfoAuxDyn.runNumber",
            "luminosity_block": "EventInfoAuxDyn.lumiBlock",
            "number": "EventInfoAuxDyn.eventNumber",
            "channel?": "EventInfoAuxDyn.mcChannelNumber",
            "weight?": "first(EventInfoAuxDyn.mcEventWeights)",
            "pileup?": "EventInfoAuxDyn.averageInteractionsPerCrossing",
        },
    },
    "delphes": {
        "tree": "Delphes",
        "signature": ["EFlowTrack.PT", "EFlowPhoton.ET", "EFlowNeutralHadron.ET"],
        "particles": {
            "eflow": [
                {
                    "pt": "EFlowTrack.PT",
                    "eta": "EFlowTrack.Eta",
                    "phi": "EFlowTrack.Phi",
                    "mass": ["EFlowTrack.Mass", 0],
                    "pdgid": "EFlowTrack.PID",
                    "charge": "EFlowTrack.Charge",
                    "d0?": "EFlowTrack.D0",
                    "dz?": "EFlowTrack.DZ",
                },
                _tower("EFlowPhoton", 22),
                _tower("EFlowNeutralHadron", 0),
            ],
            "generator": {
                "px": "Particle.Px",
                "py": "Particle.Py",
                "pz": "Particle.Pz",
                "E": "Particle.E",
                "pdgid": "Particle.PID",
                "charge": "Particle.Charge",
                "where": "Particle.Status == 1",
            },
        },
        "jets": {
            "pt": "Jet.PT",
            "eta": "Jet.Eta",
            "phi": "Jet.Phi",
            "mass": "Jet.Mass",
            "flavour?": "Jet.Flavor",
            "b_tag?": "Jet.BTag",
        },
        "event": {"number?": "first(Event.Number)", "weight?": "first(Event.Weight)"},
    },
    "edm4hep": {
        "tree": "events",
        "signature": ["ReconstructedParticles.momentum.x", "ReconstructedParticles.energy"],
        "particles": {
            "reconstructed": {
                "px": "ReconstructedParticles.momentum.x",
                "py": "ReconstructedParticles.momentum.y",
                "pz": "ReconstructedParticles.momentum.z",
                "E": "ReconstructedParticles.energy",
                "pdgid?": "ReconstructedParticles.PDG",
                "charge": "ReconstructedParticles.charge",
                "type?": "ReconstructedParticles.type",
            },
            "generator": {
                "px": ["Particle.momentum.x", "MCParticles.momentum.x"],
                "py": ["Particle.momentum.y", "MCParticles.momentum.y"],
                "pz": ["Particle.momentum.z", "MCParticles.momentum.z"],
                "mass": ["Particle.mass", "MCParticles.mass"],
                "pdgid": ["Particle.PDG", "MCParticles.PDG"],
                "charge": ["Particle.charge", "MCParticles.charge"],
                "where": ["Particle.generatorStatus == 1", "MCParticles.generatorStatus == 1"],
            },
        },
        "jets?": {
            "pt": "hypot(Jet.momentum.x, Jet.momentum.y)",
            "eta": "arcsinh(Jet.momentum.z / hypot(Jet.momentum.x, Jet.momentum.y))",
            "phi": "arctan2(Jet.momentum.y, Jet.momentum.x)",
            "E": "Jet.energy",
        },
        "event": {
            "run?": "first(EventHeader.runNumber)",
            "number?": "first(EventHeader.eventNumber)",
            "weight?": "first(EventHeader.weight)",
        },
    },
    "jetclass": {
        "tree": "tree",
        "signature": ["part_px", "part_py", "part_pz", "part_energy", "jet_pt"],
        "particles": {
            "constituents": {
                "px": "part_px",
                "py": "part_py",
                "pz": "part_pz",
                "E": "part_energy",
                "charge?": "part_charge",
                "d0?": "part_d0val",
                "d0_error?": "part_d0err",
                "dz?": "part_dzval",
                "dz_error?": "part_dzerr",
                **{
                    f"{name}?": f"part_{name}"
                    for name in ("isChargedHadron", "isNeutralHadron", "isPhoton", "isElectron", "isMuon")
                },
            }
        },
        "jets": {
            "pt": "jet_pt",
            "eta": "jet_eta",
            "phi": "jet_phi",
            "E": "jet_energy",
            "soft_drop_mass?": "jet_sdmass",
        },
        "event": {
            "label?": [
                "label_Hbb + 2 * label_Hcc + 3 * label_Hgg + 4 * label_H4q + 5 * label_Hqql + 6 * label_Zqq "
                "+ 7 * label_Wqq + 8 * label_Tbqq + 9 * label_Tbl + 0 * label_QCD",
                "label",
            ],
        },
    },
    "toptagging": {
        "signature": ["PX", "PY", "PZ", "E", "is_signal_new"],
        "particles": {"constituents": {"px": "PX", "py": "PY", "pz": "PZ", "E": "E"}},
        "event": {"label": "is_signal_new", "split?": "ttv"},
    },
    "jetnet": {
        "signature": ["etarel", "phirel", "ptrel", "jet.pt", "jet.eta"],
        "particles": {"constituents": {"pt": "ptrel * jet.pt", "eta": "etarel + jet.eta", "phi": "phirel", "mass": 0}},
        "jets": {"pt": "jet.pt", "eta": "jet.eta", "phi": 0, "mass": "jet.mass"},
        "event": {},
    },
    "energyflow": {
        "signature": ["X.pt", "X.rapidity", "X.phi"],
        "particles": {
            "constituents": {
                "pt": "X.pt",
                "rapidity": "X.rapidity",
                "phi": "X.phi",
                "mass": ["X.mass", 0],
                "pdgid?": "X.pdgid",
            }
        },
        "event": {"label?": "y"},
    },
    "salt": {
        "unit": "MeV",
        # ATLAS gives tracks the mass of a charged pion.
        "particles": {
            "tracks": _constituents("tracks", mass=139.57039),
            "consts": _constituents("consts"),
            "flows": _constituents("flows"),
        },
        "jets?": {
            "pt": ["jets.pt_btagJes", "jets.pt"],
            "eta": ["jets.eta_btagJes", "jets.eta"],
            "phi": ["jets.phi", 0],
            "mass": ["jets.mass", 0],
        },
        "event": {"*": "jets.*"},
    },
}


@dataclasses.dataclass
class Layout:
    """Where the columns of one kind of file are.

    Attributes
    ----------
    name
        What it is called: the name of a layout, or the mapping file.
    tree
        The tree that has the events; None if a file has only one.
    unit
        GeV, MeV or TeV, of momenta, energies and masses.
    particles
        Expressions by field, of the parts that together are the particles, by the names of collections.
    jets, event
        Expressions by field, of the given jets and of the events.
    links
        For a collection, the branches of pairs of a particle's and its jet's index.
    """

    name: str
    tree: str | None
    unit: float
    particles: dict[str, list[dict[str, Any]]]
    jets: dict[str, Any]
    event: dict[str, Any]
    links: dict[str, dict[str, str]]

    @staticmethod
    def of(name: str, given: Mapping[str, Any]) -> Layout:
        """Make a layout of what a mapping file says, which may begin from another by `layout`.

        Raises
        ------
        InputError
            If it says anything else.
        """

        def wrong(problem: str) -> InputError:
            return InputError(f"{name}: {problem}", file=name)

        if "layout" in given:
            if given["layout"] not in LAYOUTS:
                raise wrong(f"there is no layout {given['layout']}; use {', '.join(LAYOUTS)}.")
            given = {**LAYOUTS[given["layout"]], **given}
        known = {"layout", "tree", "unit", "signature", "particles", "jets", "jets?", "event", "links"}
        if unknown := [key for key in given if key not in known]:
            raise wrong(f"{unknown[0]} is no key of a layout; use tree, unit, particles, jets, event or layout.")
        if given.get("unit", "GeV") not in UNITS:
            raise wrong(f"unit is {given['unit']}; write {', '.join(UNITS)}.")
        particles = given.get("particles")
        if isinstance(particles, Mapping) and not all(
            isinstance(part, Mapping) for value in particles.values() for part in _listed(value)
        ):
            particles = {"particles": particles}
        if isinstance(particles, list):
            particles = {"particles": particles}
        if not isinstance(particles, Mapping) or not particles:
            raise wrong("particles are missing; give expressions of px, py, pz, E, or pt, eta, phi, mass.")
        jets = given.get("jets", given.get("jets?")) or {}
        if "jets?" in given:
            jets = {field if field.endswith("?") else f"{field}?": value for field, value in jets.items()}
        event = given.get("event") or {}
        parts = {key: _listed(value) for key, value in particles.items()}
        if not all(
            isinstance(fields, Mapping) for fields in [jets, event, *(part for all in parts.values() for part in all)]
        ):
            raise wrong("particles, jets and event are mappings of names to expressions; write them so.")
        for fields in [jets, event, *(part for all in parts.values() for part in all)]:
            if "*" in fields and str(fields["*"]).count("*") != 1:
                raise wrong(f"* is {fields['*']}; write the beginning of the branches' names with a *, as in 'Jet_*'.")
        return Layout(
            name=name,
            tree=given.get("tree"),
            unit=UNITS[given.get("unit", "GeV")],
            particles=parts,
            jets=dict(jets),
            event=dict(event),
            links=given.get("links", {}),
        )

    def branches(self) -> set[str] | None:
        """Give the names of all branches that it may read; None if they cannot be told before a file is seen."""
        fields = [self.jets, self.event, *(part for parts in self.particles.values() for part in parts)]
        if any("*" in each for each in fields):
            return None
        names = set[str]()
        for text in [str(text) for each in fields for given in each.values() for text in _listed(given)]:
            names.add(text)
            # What is no expression may be the name of a branch.
            with contextlib.suppress(ValueError):
                names |= Expression(text, ()).names
        names |= {name for pairs in self.links.values() for name in pairs.values()}
        # A branch within another is also called by both names.
        return names | {name.rsplit("/", 1)[-1] for name in names}


@dataclasses.dataclass
class Events:
    """The events of one file.

    Attributes
    ----------
    source
        The file.
    layout
        Where its columns are.
    collection
        Which of the layout's collections are the particles.
    """

    source: _sources.Source
    layout: Layout
    collection: str

    def __post_init__(self) -> None:
        self._particles = [self._chosen(part) for part in self.layout.particles[self.collection]]
        self._jets = self._chosen(self.layout.jets)
        if all(field.endswith("?") for field in self.layout.jets) and not any(
            expression.names for expression in self._jets.values()
        ):
            self._jets = {}
        self._event = self._chosen(self.layout.event)

    def __len__(self) -> int:
        """Give the number of events."""
        return self.source.count

    def read(self, start: int, stop: int) -> ak.Array:
        """Read the events from `start` to before `stop`."""
        with _sources.reading(self.source.path):
            if self._is_own():
                fields = {name: self.source.array(name, start, stop) for name in self.source.columns}
                return ak.zip(fields, depth_limit=1)
            parts = [self._list(part, "particles", start, stop) for part in self._particles]
            particles = parts[0] if len(parts) == 1 else _joined(parts)
            fields = {"particles": self._linked(particles, start, stop)}
            fields |= {name: self._column(name, start, stop) for name in self._event}
            if self._jets:
                fields["jets"] = self._list(self._jets, "jets", start, stop)
            return ak.zip(fields, depth_limit=1)

    def columns(self) -> set[str]:
        """Give the names of all columns, with what has them."""
        if self._is_own():
            return {f"column {name}" for name in self.source.columns}
        return {
            f"{kind} {name}"
            for kind, fields in {"particle": self._particles[0], "jet": self._jets, "event": self._event}.items()
            for name in fields
        }

    def _is_own(self) -> bool:
        return self.layout.name == "canopy"

    def _chosen(self, fields: Mapping[str, Any]) -> dict[str, Expression]:
        """Choose the alternatives whose branches are there."""
        chosen: dict[str, Expression] = {}
        columns = self.source.columns
        for field, given in fields.items():
            if field == "*":
                continue
            alternatives = [Expression(text, columns) for text in _listed(given)]
            name = field.removesuffix("?")
            found = next((each for each in alternatives if all(part in columns for part in each.names)), None)
            if found is not None:
                chosen[name] = found
            elif not field.endswith("?"):
                missing = sorted(part for part in alternatives[0].names if part not in columns)
                others = [each for each in self.layout.particles if each != self.collection]
                raise InputError(
                    f"{self.source.path} has no {missing[0]}, which the layout {self.layout.name} reads as {name}; "
                    + (
                        f"name another collection ({', '.join(others)}) or layout."
                        if others
                        else "name another layout."
                    ),
                    file=self.source.path,
                    field=missing[0],
                )
        if "*" in fields:
            # Another form of momenta that are complete is no column besides.
            is_complete = fields is not self.layout.event and not {"E", "energy", "mass"}.isdisjoint(chosen)
            taken = MOMENTA if is_complete else frozenset()
            before, after = fields["*"].split("*")
            for column in columns:
                name = column[len(before) : len(column) - len(after)]
                if column.startswith(before) and column.endswith(after) and name and name not in {*chosen, *taken}:
                    chosen[name] = Expression(column, columns)
        return chosen

    def _value(self, expression: Expression, start: int, stop: int) -> Any:
        return expression.value({name: self.source.array(name, start, stop) for name in expression.names})

    def _list(self, fields: Mapping[str, Expression], kind: str, start: int, stop: int) -> Any:
        values = {name: self._value(expression, start, stop) for name, expression in fields.items()}
        arrays = {name: value for name, value in values.items() if isinstance(value, ak.Array)}
        if not arrays:
            raise InputError(
                f"{self.layout.name}: the {kind} read no branch; correct the expressions.", file=self.layout.name
            )
        if all(array.ndim == 1 for array in arrays.values()):
            # One number an event, as of a file whose events are jets.
            arrays = {name: ak.unflatten(array, 1) for name, array in arrays.items()}
        first_name, first = next((name, array) for name, array in arrays.items() if array.ndim == 2)
        for name, array in arrays.items():
            if array.ndim == 2 and not ak.all(ak.num(array) == ak.num(first)):
                event = int(np.flatnonzero(ak.to_numpy(ak.num(array) != ak.num(first)))[0]) + start
                raise InputError(
                    f"{self.source.path}, event {event}: {name} and {first_name} of the {kind} have other lengths; "
                    "read branches of one collection.",
                    file=self.source.path,
                    event=event,
                    field=name,
                )
        for name in values:
            array = arrays.get(name)
            if array is None:
                array = ak.full_like(first, values[name], dtype=np.float64 if name != "pdgid" else np.int32)
            if array.ndim == 1:
                array = ak.broadcast_arrays(array, first)[0]
            if name in MOMENTA and self.layout.unit != 1:
                array = ak.values_astype(array, np.float64) * self.layout.unit
            values[name] = array
        condition = values.pop("where", None)
        found = ak.zip({name: values[name] for name in values}, depth_limit=2)
        return found if condition is None else found[condition != 0]

    def _linked(self, particles: Any, start: int, stop: int) -> Any:
        """Add to each particle the index of its given jet, −1 if it is in none."""
        link = self.layout.links.get(self.collection)
        if link is None or any(name not in self.source.columns for name in link.values()):
            return particles
        places, jets = (self.source.array(link[name], start, stop) for name in ("particle", "jet"))
        counts = ak.to_numpy(ak.num(particles))
        starts = np.cumsum(counts) - counts
        flat = np.full(int(np.sum(counts)), -1, dtype=np.int32)
        is_there = (places >= 0) & (places < counts)
        flat[ak.to_numpy(ak.flatten((places + starts)[is_there]))] = ak.to_numpy(ak.flatten(jets[is_there]))
        return ak.with_field(particles, ak.unflatten(flat, counts), "jet")

    def _column(self, name: str, start: int, stop: int) -> Any:
        value = self._value(self._event[name], start, stop)
        if not isinstance(value, ak.Array):
            return ak.Array(np.full(stop - start, value))
        if value.ndim == 1:
            return value
        counts = ak.num(value)
        if value.ndim > 2 or not ak.all(counts == counts[:1]):
            raise InputError(
                f"{self.source.path}: {self._event[name].text} has more numbers for some events; take first() of it.",
                file=self.source.path,
                field=name,
            )
        return ak.to_regular(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _joined(parts: list[Any]) -> Any:
    common = [name for name in parts[0].fields if all(name in part.fields for part in parts)]
    return ak.concatenate([part[common] for part in parts], axis=1)


def opened(path: str, layout: Layout | None, collection: str | None) -> Events:
    """Open one file.

    Raises
    ------
    InputError
        If the file or its layout is wrong.
    ValueError
        If there is no such collection.
    """
    chosen = layout
    branches = _known_branches() if chosen is None else chosen.branches()
    sources = _sources.opened(path, chosen.tree if chosen else None, branches)
    if chosen is None:
        source, chosen = _recognised(path, sources)
    elif len(sources) > 1:
        trees = ", ".join(str(source.tree) for source in sources)
        raise InputError(f"{path} has the trees {trees}; name one by tree in {chosen.name}.", file=path)
    else:
        source = sources[0]
    if source.layout == "salt":
        chosen = _with_groups(chosen, source)
    collection = collection or next(iter(chosen.particles))
    if collection not in chosen.particles:
        raise ValueError(
            f"the layout {chosen.name} has no particles {collection}; name one of {', '.join(chosen.particles)}."
        )
    try:
        return Events(source, chosen, collection)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{chosen.name}: {error}", file=chosen.name) from error


def _with_groups(layout: Layout, source: _sources.Source) -> Layout:
    """Give the layout with the collections that a file of salt has, first those that the layout has too."""
    groups = dict.fromkeys(column.partition(".")[0] for column in source.columns)
    del groups["jets"]
    particles = {name: parts for name, parts in layout.particles.items() if name in groups}
    particles |= {name: [_constituents(name)] for name in groups if name not in particles}
    return dataclasses.replace(layout, particles=particles)


@functools.cache
def _known_branches() -> set[str]:
    """Give the names of all branches that tell a layout, or that one reads."""
    known = set[str]()
    for name, given in LAYOUTS.items():
        known |= {*given.get("signature", ())} | (Layout.of(name, given).branches() or set())
    return known


def _layout(name: str) -> Layout:
    """Give a layout by its name, or that of a mapping file."""
    if name in LAYOUTS:
        return Layout.of(name, LAYOUTS[name])
    if not os.path.exists(name):
        raise ValueError(f"there is no layout {name}; name {', '.join(LAYOUTS)}, or a mapping file in YAML.")
    yaml = _sources.required("yaml", "root")
    try:
        with open(name, encoding="utf-8") as file:
            given = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{name} is no mapping file: {reason}; write it in YAML.", file=name) from error
    if not isinstance(given, dict):
        raise InputError(f"{name} is no mapping; write particles, jets and event with expressions.", file=name)
    return Layout.of(name, given)


def _recognised(path: str, sources: list[_sources.Source]) -> tuple[_sources.Source, Layout]:
    for source in sources:
        if source.tree is None and "particles" in source.columns:
            return source, Layout("canopy", None, 1.0, {"particles": []}, {}, {}, {})
        if source.layout is not None:
            return source, Layout.of(source.layout, LAYOUTS[source.layout])
    for name, given in LAYOUTS.items():
        for source in sources:
            if (
                "signature" in given
                and source.tree in (given.get("tree"), None)
                and all(branch in source.columns for branch in given["signature"])
            ):
                return source, Layout.of(name, given)
    raise InputError(
        f"{path} has none of the layouts {', '.join(LAYOUTS)}; name the closest one, or give a mapping file.", file=path
    )


def iterate(
    path: Path | Iterable[Path],
    *,
    layout: str | None = None,
    collection: str | None = None,
    max_events: int | None = None,
    step_size: int = 10_000,
) -> Iterator[ak.Array]:
    """Read events part by part, so that memory does not grow with the files.

    Parameters
    ----------
    path, layout, collection, max_events
        As for `read`.
    step_size
        The largest number of events of a part.

    Yields
    ------
    awkward.Array
        The next events, as `read` gives them; of one file each.
    """
    for events, start, stop in parts(path, layout, collection, max_events, step_size):
        yield events.read(start, stop)


def parts(
    path: Path | Iterable[Path],
    layout: str | None,
    collection: str | None,
    max_events: int | None,
    step_size: int,
) -> Iterator[tuple[Events, int, int]]:
    """Give the parts in which files are read: a file, the first of its events, and the one after the last."""
    chosen = None if layout is None else _layout(layout)
    left = max_events
    before: Events | None = None
    for each in _sources.paths(path):
        if left == 0:
            return
        events = opened(each, chosen, collection)
        try:
            if before is not None:
                _check_same(before, events)
            before = events
            count = len(events) if left is None else min(left, len(events))
            left = None if left is None else left - count
            for start in range(0, count, step_size):
                yield events, start, min(start + step_size, count)
        finally:
            events.source.close()


def _check_same(one: Events, other: Events) -> None:
    """Check that the events of two files have the same columns."""
    file = other.source.path
    if one.layout.name != other.layout.name:
        raise InputError(
            f"{file} has the layout {other.layout.name}, but {one.source.path} has {one.layout.name}; read files of "
            "one kind together.",
            file=file,
        )
    if differing := sorted(one.columns() ^ other.columns()):
        with_it, without = (one, other) if differing[0] in one.columns() else (other, one)
        raise InputError(
            f"{without.source.path} has no {differing[0]}, which {with_it.source.path} has; read files of one kind "
            "together.",
            file=without.source.path,
            field=differing[0].partition(" ")[2],
        )


def read(
    path: Path | Iterable[Path],
    *,
    layout: str | None = None,
    collection: str | None = None,
    max_events: int | None = None,
) -> ak.Array:
    """Read the events of ROOT files, Parquet files and public datasets.

    Parameters
    ----------
    path
        A file or several; a pattern such as `tt-*.root`, or an address that uproot reads, such as `root://…`.
    layout
        nanoaod, pfnano, physlite, delphes, edm4hep, jetclass, toptagging, jetnet, energyflow, salt, or the path of a
        mapping file in YAML; told from the names of branches unless given.
    collection
        Which particles: `candidates` or `generator` of nanoaod and pfnano (also `generator-jets`), `tracks` of
        physlite, `eflow` or `generator` of delphes, `reconstructed` or `generator` of edm4hep, a group of constituents
        such as `tracks` of salt. The first unless given.
    max_events
        How many events are read at most; all unless given.

    Returns
    -------
    awkward.Array
        A record for each event: `particles`, a list of records of momenta in GeV, identifiers and columns; columns of
        the events; `jets`, a list of records, if the layout has jets.

    Raises
    ------
    InputError
        If a file cannot be read, or lacks a branch or a column that another file has; it names the file.
    ValueError
        If there is no such layout or collection.
    """
    read = list(iterate(path, layout=layout, collection=collection, max_events=max_events, step_size=1 << 16))
    if read:
        return read[0] if len(read) == 1 else ak.concatenate(read)
    first = _sources.paths(path)[0]
    raise InputError(f"{first} has no events; give a file that has some.", file=first)
