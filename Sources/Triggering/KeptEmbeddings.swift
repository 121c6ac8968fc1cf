// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import EventData

/// The embeddings of events and of their leading jets as columns of events, so that heads can be scored later without the
/// network before them.
struct KeptEmbeddings: Sendable {
  /// The column of the events' embeddings, `[events × width]`, after the prefix of the trigger.
  static let eventName = "event-embedding"
  /// The column of the jets' embeddings, row-major `[events × (jets × width)]`, NaN for jets that an event does not have,
  /// after the prefix of the trigger.
  static let jetName = "jet-embedding"

  private let jetCount: Int
  private let eventWidth: Int
  private let jetWidth: Int
  private var eventValues: [Double] = []
  private var jetValues: [Double] = []

  /// No events; `jetCount` jets of each will be kept.
  init(_ model: Model, jetCount: Int) {
    self.jetCount = jetCount
    eventWidth = model.network.events?.width ?? 0
    jetWidth = model.network.embedding?.width ?? 0
  }

  /// Whether there is nothing to keep.
  var isEmpty: Bool { eventWidth == 0 && jetWidth * jetCount == 0 }

  /// Adds the prediction for one event.
  mutating func append(_ prediction: Prediction) {
    for value in prediction.eventEmbedding { eventValues.append(Double(value)) }
    let kept = min(jetCount, prediction.jets.jetCount) * jetWidth
    for value in prediction.embedding.prefix(kept) { jetValues.append(Double(value)) }
    jetValues.append(contentsOf: repeatElement(.nan, count: jetCount * jetWidth - kept))
  }

  /// The columns, of which there is none that has no numbers.
  var columns: Columns {
    var columns = Columns()
    if eventWidth > 0 { columns[Self.eventName] = Column(width: eventWidth, values: eventValues) }
    if jetWidth * jetCount > 0 {
      columns[Self.jetName] = Column(width: jetCount * jetWidth, values: jetValues)
    }
    return columns
  }
}
