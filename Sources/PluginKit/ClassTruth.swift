// SPDX-License-Identifier: GPL-3.0-or-later

/// The truth columns that say which class a row is of: one column with the number, or the name, of the class, or one column
/// for each class, of which exactly one is 1 (one-hot).
///
/// In a configuration it is the name of a column, or the list of the columns in the order of the classes:
/// `truth: label`, `truth: [is_light, is_c, is_b]`.
///
/// ```swift
/// let truth: ClassTruth = ["is_light", "is_c", "is_b"]
/// print(truth.isOneHot)  // true
/// ```
public struct ClassTruth: Sendable, Hashable {
  /// The columns.
  public let columns: [String]

  /// The column that has the number or the name of the class.
  public init(_ column: String) { columns = [column] }

  /// The columns of the classes, in their order.
  public init(oneHot columns: [String]) { self.columns = columns }

  /// Whether there is a column for each class.
  public var isOneHot: Bool { columns.count != 1 }
}

extension ClassTruth: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
  /// The column that has the number or the name of the class.
  public init(stringLiteral value: String) { self.init(value) }

  /// The columns of the classes, in their order.
  public init(arrayLiteral elements: String...) { self.init(oneHot: elements) }
}

extension ClassTruth: CustomStringConvertible {
  /// The columns, with commas between them.
  public var description: String { columns.joined(separator: ", ") }
}

extension ClassTruth: Codable {
  /// Reads a name or a list of names.
  public init(from decoder: any Decoder) throws {
    if (try? decoder.unkeyedContainer()) != nil {
      let columns = try [String](from: decoder)
      guard columns.count > 1, Set(columns).count == columns.count else {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: decoder.codingPath,
            debugDescription: "needs a different column for each class; for one column write its name alone"))
      }
      self.init(oneHot: columns)
    } else {
      self.init(try decoder.singleValueContainer().decode(String.self))
    }
  }

  /// Writes a name or a list of names.
  public func encode(to encoder: any Encoder) throws {
    if isOneHot { return try columns.encode(to: encoder) }
    var container = encoder.singleValueContainer()
    try container.encode(columns[0])
  }
}
