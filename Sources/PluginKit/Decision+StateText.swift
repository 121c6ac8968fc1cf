// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// States as a trigger's journal keeps them.
extension Decision {
  /// A state as JSON, which may have numbers that are not finite.
  ///
  /// - Throws: ``PluginError`` if the state cannot be encoded.
  package static func text(of state: State) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return String(decoding: try encoder.encode(state), as: UTF8.self)
    } catch {
      throw PluginError("The state of the decision \(identifier) cannot be written: \(error).")
    }
  }

  /// The state of a text.
  ///
  /// - Throws: what decoding throws if the text is no state.
  package static func state(from text: String) throws -> State {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(State.self, from: Data(text.utf8))
  }
}
