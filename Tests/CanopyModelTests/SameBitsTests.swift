// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventIO
import Foundation
import PluginKit
import TestFiles
import TestPlugins
import Testing

/// The same event has the same bits, however it is reached.
@Suite struct SameBitsTests {
  /// A shipped model with events that it fits.
  struct Case: CustomTestStringConvertible, Sendable {
    let model: String
    let sample: String
    var testDescription: String { model }

    static let all = [
      Case(model: "w-tagger", sample: "w-vs-qcd-small.h5"),
      Case(model: "dihiggs", sample: "dihiggs/hh-vs-ttbar-small.h5"),
      Case(model: "ditau-mass", sample: "ditau/tautau-mass-small.h5"),
      Case(model: "fat-jet-mass", sample: "w-vs-qcd-small.h5"),
    ]

    func load() throws -> (Model, Events) {
      let stream = try EventStream(inputs: [Samples.path(sample)])
      return (
        try Model(contentsOf: Models.folder(model), plugins: .shipped),
        try #require(try stream.next(upTo: 160))
      )
    }
  }

  /// All numbers of a prediction for each event, by its number.
  private static func numbers(_ prediction: Prediction, _ events: Events) -> [Int: [UInt32]] {
    var found: [Int: [UInt32]] = [:]
    for place in 0..<events.eventCount {
      let jets = prediction.jets.jets(ofEvent: place)
      func rows(_ values: [Float], _ width: Int, _ range: Range<Int>) -> [UInt32] {
        values[range.lowerBound * width..<range.upperBound * width].map(\.bitPattern)
      }
      var all = rows(prediction.embedding, prediction.embeddingWidth, jets)
      if prediction.eventEmbeddingWidth > 0 {
        all += rows(prediction.eventEmbedding, prediction.eventEmbeddingWidth, place..<place + 1)
      }
      for head in prediction.heads {
        all += rows(head.values, head.width, head.rows == .jets ? jets : place..<place + 1)
      }
      found[events.eventNumbers[place]] = all
    }
    return found
  }

  @Test(arguments: Case.all)
  func whateverItsNeighboursAre(_ sample: Case) throws {
    let (model, events) = try sample.load()
    let predictor = try Predictor(model)
    let expected = Self.numbers(try predictor.predict(events), events)
    #expect(expected.values.contains { !$0.isEmpty })
    var generator = SeededGenerator(seed: 21)
    for round in 0..<4 {
      let order = Array(0..<events.eventCount).shuffled(using: &generator)
      var first = 0
      while first < order.count {
        // The first round is the path of a trigger: events one by one.
        let size = round == 0 ? 1 : Int.random(in: 1...70, using: &generator)
        let part = events.events(at: order[first..<min(first + size, order.count)])
        for (number, bits) in Self.numbers(try predictor.predict(part), part) {
          #expect(bits == expected[number], "event \(number) of \(part.eventCount)")
        }
        first += size
      }
    }
  }
}
