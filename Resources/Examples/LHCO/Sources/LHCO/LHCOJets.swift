// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import PluginKit

/// Writes jets as objects of the type 4, with the number of their constituents if it is known, else 0, as that of tracks.
public struct LHCOJets: ResultFormat {
  public let name = "lhco"
  public let summary = "has one line a jet, as in the LHC Olympics"
  public let fileExtensions = ["lhco"]

  public init() {}

  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    try LHCOWriter(destination)
  }
}

private final class LHCOWriter: ResultWriter {
  private let text: ResultText

  init(_ destination: ResultDestination) throws {
    text = try ResultText(destination)
    text.append("#  typ  eta  phi  pt  jmas  ntrk  btag  had/em  dum1  dum2")
    try text.endLine()
  }

  func append(_ batch: ResultBatch) throws {
    for event in 0..<batch.eventCount {
      text.append("0  \(batch.eventNumbers[event])  0")
      try text.endLine()
      for (place, jet) in batch.jets(ofEvent: event).enumerated() {
        let momentum = FourMomentum(
          pt: batch.pt[jet], rapidity: batch.rapidity[jet], phi: batch.phi[jet], mass: batch.mass[jet])
        let tracks = batch.constituents.map { $0.offsets[jet + 1] - $0.offsets[jet] } ?? 0
        let numbers = [momentum.pseudorapidity, batch.phi[jet], batch.pt[jet], batch.mass[jet]]
        let fields = numbers.map { String(format: "%.5f", $0) }.joined(separator: "  ")
        text.append("\(place + 1)  4  \(fields)  \(tracks)  0  0  0  0")
        try text.endLine()
      }
    }
    try text.flush()
  }

  func finish() throws { try text.finish() }
}
