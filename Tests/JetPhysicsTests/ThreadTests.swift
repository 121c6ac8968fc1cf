// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics
import Testing

/// Clusterers on several threads give the same bits as one.
///
/// `swift test --sanitize=thread --scratch-path .build-tsan --filter ThreadTests` shows that they share nothing.
/// JetPhysics' article ClusteringOnThreads says what ThreadSanitizer sees of FastJet, and what it does not.
@Suite struct ThreadTests {
  static let finders: [JetFinder] = {
    try! JetDefinition.Algorithm.allCases.enumerated().flatMap { index, algorithm in
      try [JetSelection.Kind.inclusive(minimumPt: 1), .exclusiveJets(3), .exclusiveCut(2)].map { kind in
        let schemes = JetDefinition.RecombinationScheme.allCases
        let definition = try JetDefinition(
          algorithm, radius: 0.5, power: -1, recombination: schemes[index % schemes.count])
        return try JetFinder(
          definition, selection: JetSelection(kind, maximumAbsRapidity: 4), recluster: .cambridge)
      }
    }
  }()

  /// Thousands of events on eight threads, among them ones for which FastJet's own interface would warn
  /// (exclusive jets of anti-kT) and ones at the edges of arithmetic.
  @Test func threadsGiveTheSameBitsAsOne() async throws {
    let batches =
      (0..<8).map { hadronEvents(25, particles: 0...60, seed: 100 + $0) }
      + [Events(degenerateEvents().map(\.event))]
    let expected = try Self.jets(in: batches)
    try await withThrowingTaskGroup(of: [Jets].self) { group in
      for _ in 0..<8 {
        group.addTask { try Self.jets(in: batches) }
      }
      for try await jets in group {
        #expect(jets == expected)
      }
    }
  }

  /// Errors do not reach other threads either.
  @Test func threadsReportTheirOwnErrors() async throws {
    await withTaskGroup(of: JetPhysicsError?.self) { group in
      for number in 0..<64 {
        group.addTask {
          var events = hadronEvents(3, particles: 5...5, seed: UInt64(number))
          events.eventNumbers = [number, number + 1, number + 2]
          events.momenta.px[7] = .nan
          do {
            _ = try JetClusterer(Self.finders[0]).jets(in: events)
            return nil
          } catch {
            return (error as? JetPhysicsError).flatMap {
              $0.event == number + 1 && $0.particle == 2 ? $0 : nil
            }
          }
        }
      }
      for await error in group { #expect(error?.field == "px") }
    }
  }

  private static func jets(in batches: [Events]) throws -> [Jets] {
    try finders.flatMap { finder in
      let clusterer = try JetClusterer(finder)
      return try batches.map { try clusterer.jets(in: $0) }
    }
  }
}
