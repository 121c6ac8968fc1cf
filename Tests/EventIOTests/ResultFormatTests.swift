// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import TestFiles
import Testing

/// A format of results as a module outside Canopy would add it: `event,pt,mass` a line and jet.
private struct JetListFormat: ResultFormat {
  let name = "jet-list"
  let summary = "has one line a jet"
  let fileExtensions = ["csv"]

  func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try JetListWriter(destination)
  }
}

private final class JetListWriter: ResultWriter {
  private let text: ResultText

  init(_ destination: ResultDestination) throws {
    text = try ResultText(destination)
    text.append("event,pt,mass")
    try text.endLine()
  }

  func append(_ batch: ResultBatch) throws {
    for event in 0..<batch.eventCount {
      for jet in batch.jets(ofEvent: event) {
        text.append("\(batch.eventNumbers[event]),\(batch.pt[jet]),\(batch.mass[jet])")
        try text.endLine()
      }
    }
  }

  func finish() throws { try text.finish() }
}

/// Formats of results and their registry.
@Suite struct ResultFormatTests {
  @Test func aRegisteredFormatIsChosenAndWritten() throws {
    let folder = try TemporaryFolder()
    var formats = ResultFormats.builtIn
    #expect(formats.format(ofFile: "jets.csv").name == "table" && formats["jet-list"] == nil)
    try formats.register(JetListFormat())
    #expect(formats.format(ofFile: "jets.CSV").name == "jet-list")
    #expect(formats.names == ["table", "jsonl", "hdf5", "npz", "jet-list"])
    let path = folder.path("jets.csv")
    let batch = ResultBatch.byHand()
    do {
      let writer = try formats.format(ofFile: path).makeWriter(to: .file(path))
      try writer.append(batch)
      #expect(try folder.content.isEmpty)
      try writer.finish()
    }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 1 + batch.jetCount && lines[0] == "event,pt,mass")
    #expect(lines[1] == "\(batch.eventNumbers[0]),\(batch.pt[0]),\(batch.mass[0])")
    #expect(throws: EventFormatError.self) { try formats.register(JetListFormat()) }
  }

  @Test func endingsTellTheFormat() {
    for (path, name) in [
      ("a.h5", "hdf5"), ("a.HDF5", "hdf5"), ("x.y.npz", "npz"), ("a.jsonl", "jsonl"), ("a.txt", "table"),
      ("", "table"),
    ] {
      #expect(ResultFormats.builtIn.format(ofFile: path).name == name, "\(path)")
    }
    #expect(ResultFormats.builtIn.fileExtensions == [".txt", ".jsonl", ".h5", ".hdf5", ".npz"])
  }
}
