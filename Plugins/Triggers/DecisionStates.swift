// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// The states of a menu's decisions, in the order of ``TriggerMenu/statefulConditions``.
///
/// In a file it is a list of texts, the JSON of each state, so that no number loses a digit. Only the menu
/// knows the types of the states, so that states that were read stay texts until they are restored.
struct DecisionStates: Sendable {
  /// The states; none until those that were read are restored.
  private var decisions: [any DecisionWithState]
  /// The texts that were read; none otherwise.
  private var texts: [String] = []

  /// The states of a menu before the first event.
  init(_ menu: TriggerMenu) { decisions = menu.statefulConditions.map(\.start) }

  /// The number of states.
  var count: Int { texts.isEmpty ? decisions.count : texts.count }

  func isReady(for menu: TriggerMenu) -> Bool { decisions.count == menu.statefulConditions.count }

  /// What a decision says of an event that reaches it; its state advances.
  mutating func decide(_ index: Int, _ values: DecisionValues) -> Bool { decisions[index].decide(values) }

  /// Turns texts into states of the menu's decisions.
  ///
  /// - Throws: `PluginError` that names the condition if it does not read its state.
  mutating func restore(_ menu: TriggerMenu) throws {
    guard !texts.isEmpty else { return }
    decisions = try zip(menu.statefulConditions, texts).map { condition, text in
      do {
        return try condition.start.restored(from: text)
      } catch {
        throw PluginError(
          "The condition \(condition.name) does not read the state that was kept of it: load the version of its plugin "
            + "that wrote it, or remove what was kept to begin from the first event.")
      }
    }
    texts = []
  }

  private func encodedTexts() throws -> [String] {
    texts.isEmpty ? try decisions.map { try $0.text() } : texts
  }
}

extension DecisionStates: Codable {
  init(from decoder: any Decoder) throws {
    decisions = []
    texts = try decoder.singleValueContainer().decode([String].self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(encodedTexts())
  }
}

extension DecisionStates: Equatable {
  /// Whether both would be written as the same text.
  static func == (a: DecisionStates, b: DecisionStates) -> Bool {
    guard let a = try? a.encodedTexts(), let b = try? b.encodedTexts() else { return false }
    return a == b
  }
}

/// A decision and its state, whatever their types.
protocol DecisionWithState: Sendable {
  /// What the decision says of an event that reaches it; its state advances.
  mutating func decide(_ values: DecisionValues) -> Bool
  /// The state as JSON.
  func text() throws -> String
  /// The decision with the state of a text.
  func restored(from text: String) throws -> any DecisionWithState
}

struct StatefulDecision<D: Decision>: DecisionWithState {
  let decision: D
  var state: D.State

  mutating func decide(_ values: DecisionValues) -> Bool { decision.decide(values, &state) }

  func text() throws -> String { try D.text(of: state) }

  func restored(from text: String) throws -> any DecisionWithState {
    Self(decision: decision, state: try D.state(from: text))
  }
}

extension Decision {
  /// The decision with its state before the first event; nil if it has none.
  var start: (any DecisionWithState)? {
    State.self == NoState.self ? nil : StatefulDecision(decision: self, state: initialState)
  }
}
