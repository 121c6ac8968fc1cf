// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Some events of a collection as an event encoder works through them.
///
/// A batch is filled again and again, and belongs to one thread at a time.
public final class EventSequenceBatch {
  /// The first item of each event, and the number of items at the end: `[events + 1]`.
  private(set) var offsets: [Int] = [0]
  /// The row of each item in the matrix of jets' embeddings, which has one for each jet of the batch's
  /// events: `[items]`.
  private(set) var jetRows: [Int32] = []
  /// The number of jets of the events, read or not.
  public private(set) var jetCount = 0
  private var momenta: [Float] = []
  private var momentumCount = 0
  private var inputRows: [Float] = []
  private var inputCount = 0

  /// A batch without events.
  public init() {}

  /// The number of events.
  public var eventCount: Int { offsets.count - 1 }

  /// The number of items of all events together.
  public var itemCount: Int { offsets[offsets.count - 1] }

  /// Replaces the content by some of the events of `features`, in the order of `selection`.
  public func fill(_ features: EventFeatures, _ selection: [Int]) {
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    jetRows.removeAll(keepingCapacity: true)
    momenta.removeAll(keepingCapacity: true)
    inputRows.removeAll(keepingCapacity: true)
    jetCount = 0
    momentumCount = features.description.momenta.count
    inputCount = features.inputCount
    for row in 0..<selection.count { append(selection[row], of: features) }
  }

  private func append(_ event: Int, of features: EventFeatures) {
    let items = features.offsets[event]..<features.offsets[event + 1]
    offsets.append(itemCount + items.count)
    momenta.append(
      contentsOf: features.momenta[items.lowerBound * momentumCount..<items.upperBound * momentumCount])
    for item in items { jetRows.append(Int32(jetCount) + features.itemNumbers[item]) }
    jetCount += features.jetCounts[event]
    inputRows.append(contentsOf: features.inputs[event * inputCount..<(event + 1) * inputCount])
  }

  /// The event inputs: `[events × inputs]`.
  public func inputs(on tape: Tape) -> Variable {
    tape.constant(inputRows, rows: eventCount, columns: inputCount)
  }

  /// The momenta of the items: `[items × numbers]`.
  func momenta(on tape: Tape) -> Variable {
    tape.constant(momenta, rows: itemCount, columns: momentumCount)
  }
}
