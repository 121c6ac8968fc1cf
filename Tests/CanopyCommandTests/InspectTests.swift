// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

@Suite struct InspectTests {
  private func inspect(_ path: String, input: Data = Data()) throws -> String {
    let outcome = try Program.run("inspect", path, input: input)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    return outcome.text
  }

  @Test func eventFilesAreDescribed() throws {
    let hepMC = try inspect(Samples.path("w-events.hepmc.zst"))
    for text in ["HepMC3, compressed by Zstandard", "150", "Particle Data Group", "GeV", "weight", "event 0"]
    {
      #expect(hepMC.contains(text), "\(hepMC)")
    }
    let hdf5 = try inspect(Samples.path("w-vs-qcd-small.h5"))
    for text in ["HDF5", "2000", "of the first 1000", "label"] { #expect(hdf5.contains(text), "\(hdf5)") }
    #expect(try inspect("-", input: Samples.data("w-events.jsonl")).contains("JSON lines"))
    #expect(try inspect(Samples.path("w-events-v2.hepmc.gz")).contains("HepMC2, compressed by gzip"))
    #expect(try inspect("-", input: Data("1 0 0 2\n#END\nnan 0 0 2\n".utf8)).contains("bad events"))
    let missing = try inspect("-", input: Data(#"{"particles": [[1, 0, 0, 2]], "lost": null}"#.utf8))
    #expect(missing.contains(/lost +1 +real +- +-/), "\(missing)")
  }

  /// Several files and samples are described together: each by itself, and the columns of all.
  @Test func samplesAreDescribedTogether() throws {
    let folder = try TemporaryFolder()
    let labelled = try folder.write(
      #"{"particles": [[1, 0, 0, 2]], "process": "a", "x": 3}"#, to: "a-1.jsonl")
    _ = try folder.write(#"{"particles": [[1, 0, 0, 2]], "process": "b", "x": -1.5}"#, to: "a-2.jsonl")
    let sample = "{file: \(folder.path("a-*.jsonl")), label: W, name: signal, total-weight: 2}"
    let outcome = try Program.run("inspect", sample, Samples.path("w-vs-qcd-small.h5"))
    try #require(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.contains(/signal +2 +W +2 in all +2 +JSON lines/), "\(outcome.text)")
    #expect(outcome.text.contains(/w-vs-qcd-small.h5 +1 +- +1 +2000 +HDF5/), "\(outcome.text)")
    #expect(outcome.text.contains(/x +1 +real +-1.5 +3/) && outcome.text.contains("texts of process"))
    #expect(outcome.text.contains(/x is not in +w-vs-qcd-small.h5/))
    let list = try folder.write(
      "- {file: \(labelled), columns: {y: 7}, weight: 3, max-events: 1}\n", to: "list.yaml")
    let listed = try inspect(list)
    #expect(listed.contains(/a-1.jsonl +1 +- +3 +1 +JSON lines/) && listed.contains(/y +1 +whole +7 +7/))
    for (arguments, status, problem) in [
      (["{file: \(folder.path("b-*"))}"], 64, "no file is called"),
      ([labelled, "none.h5"], 65, "does not exist"),
      (["-", "-"], 64, "is given twice"), ([], 64, "paths"),
      (["cms", "atlas"], 64, "cms is a model, a file of tensors or a detector's card, of which one"),
      ([labelled, try TinyModel.folder()], 64, "name it alone"),
      ([labelled, Models.folder("w-tagger").path + "/weights.safetensors"], 64, "name it alone"),
      ([try folder.write("words\n", to: "words.yaml")], 65, "neither a detector's card"),
    ] as [([String], Int32, String)] {
      let refused = try Program.run(["inspect"] + arguments)
      #expect(refused.status == status && refused.errors.contains(problem), "\(refused.errors)")
    }
  }

  @Test func modelsAndTensorsAreDescribed() throws {
    let folder = try TinyModel.folder()
    let model = try inspect(folder)
    for text in [
      "antikt, R = 1.0, E scheme", "gated", "ln kT", "jet-tagger 1.2.0", "score", "w-vs-qcd-small.h5", "AUC",
    ] {
      #expect(model.contains(text), "\(model)")
    }
    let tensors = try inspect(folder + "/weights.safetensors")
    #expect(tensors.contains("embedding.local.weight") && tensors.contains("4 × 11"), "\(tensors)")
  }

  @Test func resultsAreToldFromEvents() throws {
    let folder = try TemporaryFolder()
    let results = folder.path("jets.h5")
    #expect(try Program.run("cluster", Samples.path("w-events.txt"), "-o", results).status == 0)
    let outcome = try Program.run("inspect", results)
    #expect(outcome.status == 65 && outcome.errors.contains("results of Canopy"), "\(outcome.errors)")
  }
}
