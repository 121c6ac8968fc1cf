#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""W scores of the jets of ROOT files by a processor of coffea, on two workers of dask.distributed.

    pip install 'canopy-hep[dask]' coffea
    Resources/Examples/coffea_processor.py events.root

The files have a tree `Events` in the layout of NanoAOD, with a collection `Particle` of px, py, pz, E and pdgId.
"""

import sys

import awkward as ak
import numpy as np
from coffea import processor
from coffea.nanoevents import NanoAODSchema
from dask.distributed import Client, LocalCluster

import canopy

NanoAODSchema.warn_missing_crossrefs = False


class WTagging(processor.ProcessorABC):
    """Counts the jets of each bin of the W score."""

    def __init__(self):
        # Workers get the path of the model, which they can read.
        self.tagger = canopy.load_model("w-tagger")

    def process(self, events):
        # Of the other columns none is read; a worker has threads of its own.
        jets = self.tagger.classify(events.Particle[["px", "py", "pz", "E", "pdgId"]], threads=1).jets
        scores = np.asarray(ak.flatten(jets["w-tagger"].score))
        return {"events": len(events), "scores": np.histogram(scores, bins=10, range=(0, 1))[0]}

    def postprocess(self, accumulator):
        return accumulator


def main(files):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        run = processor.Runner(
            executor=processor.DaskExecutor(client=client, status=False), schema=NanoAODSchema, chunksize=10
        )
        found = run({"sample": {"files": dict.fromkeys(files, "Events")}}, WTagging())
    print(found["events"], "events")
    print("jets in ten bins of the W score:", *found["scores"])


if __name__ == "__main__":
    main(sys.argv[1:])
