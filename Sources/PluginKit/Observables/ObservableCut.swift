// SPDX-License-Identifier: GPL-3.0-or-later

/// A condition that jets must meet to be kept, such as `soft-drop/mass > 60`.
///
/// It is written as a `NumberCondition` on a number that an observable gives for jets. A jet that has no such number
/// does not meet it.
public struct ObservableCut: Sendable, Equatable, CustomStringConvertible {
  /// The number and what it is compared with.
  public let condition: NumberCondition

  /// Reads a cut.
  ///
  /// - Throws: `JetPhysicsError` that shows where the text is no condition.
  public init(_ text: String) throws {
    condition = try NumberCondition(text, on: "jets", examples: "soft-drop/mass")
  }

  /// The column that is compared, such as `soft-drop/mass`.
  public var column: String { condition.name }

  /// The cut, as `init(_:)` reads it.
  public var description: String { condition.description }

  /// Throws unless jets have the column that is compared.
  ///
  /// - Parameter observables: the observables that are computed.
  /// - Throws: ``PluginError``.
  public func check(_ observables: ObservableSet) throws {
    let found = try observables.column(column)
    guard found.rows == .jets else {
      throw PluginError(
        "The cut \(self) is on a number of \(found.rows.rawValue), but cuts choose among jets: name one of jets."
      )
    }
  }
}

extension ObservableCut: Codable {
  /// Reads a text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let error as JetPhysicsError {
      let sentence = error.problem
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)
    }
  }

  /// Writes a text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
