// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// The histogram of pile-up that rates are wanted for: rising edges, and shares that add up to 1.
struct PileUpFileTarget: FuzzTarget {
  private let file: URL

  init(_ fixtures: Fixtures) throws { file = fixtures.scratch.appendingPathComponent("mu.csv") }

  func read(_ input: Data) throws {
    try input.write(to: file)
    let target = try PileUpTarget(contentsOf: file)
    precondition(target.edges.count == target.shares.count + 1)
    precondition(zip(target.edges, target.edges.dropFirst()).allSatisfy(<))
    precondition(abs(target.shares.reduce(0, +) - 1) < 1e-9)
  }
}
