// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// Some events of a sample in the order in which a network works.
///
/// A batch is filled again and again, and belongs to one thread.
public final class NetworkBatch {
  /// The number of events.
  public private(set) var eventCount = 0
  /// What the stage of jets reads; nil if there is none.
  private(set) var embedding: AnyObject?
  /// What the stage of events reads; nil if there is none.
  private(set) var events: AnyObject?
  /// What stages and heads read as plain numbers.
  private(set) var kinematics = Kinematics()
  /// The events, by their number in the sample: `[events]`.
  private(set) var selected: [Int] = []
  /// The jets of the events, by their number in the sample: `[jets]`.
  private var jets: [Int] = []
  /// The event of each jet, counted within the batch: `[jets]`.
  private(set) var eventOfJet: [Int32] = []

  /// A batch without events.
  public init() {}

  /// Replaces the content by consecutive events of `sample`.
  public func fill(_ sample: EventSample, _ range: Range<Int>) {
    selected.removeAll(keepingCapacity: true)
    for event in range { selected.append(event) }
    fill(from: sample)
  }

  /// Replaces the content by some of the events of `sample`, in the order of `selection`.
  public func fill(_ sample: EventSample, _ selection: ArraySlice<Int>) {
    selected.removeAll(keepingCapacity: true)
    selected.append(contentsOf: selection)
    fill(from: sample)
  }

  private func fill(from sample: EventSample) {
    eventCount = selected.count
    jets.removeAll(keepingCapacity: true)
    eventOfJet.removeAll(keepingCapacity: true)
    for row in 0..<selected.count {
      for jet in sample.jets(ofEvent: selected[row]) {
        jets.append(jet)
        eventOfJet.append(Int32(row))
      }
    }
    if let features = sample.embedding { fill(&embedding, from: features) }
    if let features = sample.events { fill(&events, from: features) }
    if kinematics.inputs != sample.kinematics.inputs
      || kinematics.observables != sample.kinematics.observables
    {
      kinematics = Kinematics(sample.kinematics.inputs, observables: sample.kinematics.observables)
    }
    kinematics.fill(sample.kinematics, events: selected, jets: jets)
  }

  /// Fills the batch of a stage, which is made if it is that of another sample.
  private func fill<F: StageFeatures>(_ batch: inout AnyObject?, from features: F) {
    if let own = batch as? F.Batch {
      features.fill(own, events: selected, jets: jets)
    } else {
      let own = features.makeBatch()
      features.fill(own, events: selected, jets: jets)
      batch = own
    }
  }
}
