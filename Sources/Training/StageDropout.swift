// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit
import Settings

/// How likely a step of a training leaves out each number of what the stages of a network give (Srivastava et al., JMLR 15
/// (2014) 1929).
public struct StageDropout: SettingsSection, Encodable {
  /// The probability for the embedding of jets; nil for no dropout.
  public var embedding: Double?
  /// The probability for the embedding of events; nil for no dropout.
  public var events: Double?

  /// No dropout.
  public init() {}

  /// The settings, in the order of tables.
  public static let settings: [Setting<StageDropout>] = [
    Setting(
      "embedding", \.embedding, .halfOpen(0..<1).inSinglePrecision,
      "how likely each number of the embedding of a jet is left out"),
    Setting(
      "events", \.events, .halfOpen(0..<1).inSinglePrecision,
      "how likely each number of the embedding of an event is left out"),
  ]

  /// The probabilities by the places of the stages.
  var probabilities: [StagePlace: Double] {
    var probabilities: [StagePlace: Double] = [:]
    probabilities[.embedding] = embedding
    probabilities[.events] = events
    return probabilities
  }

  /// Makes sure that a network has the stages.
  ///
  /// - Throws: ``TrainingError`` that names one that it does not have.
  func check(_ network: Network) throws {
    for place in StagePlace.allCases where probabilities[place] != nil {
      guard network.stages.contains(where: { $0.place == place }) else {
        throw TrainingError(
          "training.dropout names \(place.rawValue), but there is no section \(place.rawValue); leave it out."
        )
      }
    }
  }
}
