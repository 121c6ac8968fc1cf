// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import TestFiles
import Testing

/// Spectra before and after a reweighting, on standard error and in reports.
@Suite struct ReweightingCommandTests {
  @Test func theReportShowsTheSpectra() throws {
    let folder = try TemporaryFolder()
    let configuration = try folder.write(
      TinyModel.configuration(events: 1000).replacingOccurrences(
        of: "  validation-fraction",
        with:
          "  reweight: {of: jets, in: {mass: 8, kinematics/constituents: 5}, by: classifier, to: equal, classes: label}\n"
          + "  validation-fraction"),
      to: "c.yaml")
    let model = folder.path("model")
    let training = try Program.run(["train", configuration, "-o", model])
    try #require(training.status == 0, "\(training.errors)")
    #expect(training.errors.contains("data.reweight: the spectra of mass in the classes differed by 0."))
    let evaluation = try Program.run([
      "evaluate", Samples.path("w-vs-qcd-small.h5"), "--max-events", "200", "--model", model, "--report",
      folder.path("report"),
    ])
    try #require(evaluation.status == 0, "\(evaluation.errors)")
    let lines = String(decoding: try folder.data("report/reweighting-mass.csv"), as: UTF8.self).split(
      separator: "\n")
    #expect(
      lines.count == 9 && lines[0].contains("label = 1.0 before y")
        && lines[0].contains("label = 0.0 after y"))
    for file in ["reweighting-mass.png", "reweighting-kinematics_constituents.svg"] {
      #expect(FileManager.default.fileExists(atPath: folder.path("report/\(file)")), "\(file)")
    }
    let distances = String(decoding: try folder.data("report/reweighting-distances.csv"), as: UTF8.self)
      .split(separator: "\n")
    let numbers = distances[1].split(separator: ",")
    #expect(distances[0] == "column,before,after" && numbers[0] == "mass")
    #expect(try #require(Double(numbers[1])) > #require(Double(numbers[2])), "\(distances)")
  }
}
