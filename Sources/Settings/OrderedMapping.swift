// SPDX-License-Identifier: GPL-3.0-or-later

/// The entries of a mapping in the order of the file, for sections whose keys are the user's own names.
///
/// Looking up a name is linear in the number of entries, of which a configuration has few.
public struct OrderedMapping<Value> {
  /// One name and its value.
  public struct Entry {
    /// The name.
    public var key: String
    /// What the file gives for it.
    public var value: Value
  }

  private var entries: [Entry] = []

  /// No entries.
  public init() {}

  /// The names in the order of the file.
  public var keys: [String] { entries.map(\.key) }

  /// The value of a name, or nil.
  public subscript(key: String) -> Value? { entries.first { $0.key == key }?.value }
}

extension OrderedMapping: RandomAccessCollection {
  /// The index of the first entry.
  public var startIndex: Int { 0 }
  /// The number of entries.
  public var endIndex: Int { entries.count }
  /// An entry by its place in the file.
  public subscript(index: Int) -> Entry { entries[index] }
}

extension OrderedMapping: Decodable where Value: Decodable {
  /// Decodes a mapping with any keys.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: ConfigurationKey.self)
    entries = try container.allKeys.map {
      Entry(key: $0.stringValue, value: try container.decode(Value.self, forKey: $0))
    }
  }
}

extension OrderedMapping: Sendable where Value: Sendable {}
extension OrderedMapping.Entry: Sendable where Value: Sendable {}
extension OrderedMapping: Equatable where Value: Equatable {}
extension OrderedMapping.Entry: Equatable where Value: Equatable {}
