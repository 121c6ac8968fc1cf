// SPDX-License-Identifier: GPL-3.0-or-later

/// A head that draws events from what it has learnt: `canopy generate` writes them.
public protocol GeneratingHead: Head {
  /// The names of what there are events of, in the order of their numbers, such as classes of jets.
  var generatedClasses: [String] { get }

  /// New events.
  ///
  /// - Parameters:
  ///   - numbers: the numbers of the events. An event depends on its number, the class and the seed, and not on the other
  ///     events that are drawn with it.
  ///   - kind: the number of the class, from 0.
  ///   - seed: where random numbers come from.
  ///   - tape: where the network computes; it is reset.
  /// - Returns: an event for each number, in their order.
  /// - Throws: ``PluginError`` if there is nothing to draw from.
  func generate(_ numbers: Range<Int>, of kind: Int, seed: UInt64, on tape: Tape) throws -> Events
}
