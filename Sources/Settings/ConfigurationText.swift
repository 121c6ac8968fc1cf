// SPDX-License-Identifier: GPL-3.0-or-later

/// A text of a configuration that remembers where it stands.
public struct ConfigurationText: Decodable, Sendable {
  /// The text.
  public let text: String
  /// Where it begins.
  public let position: ConfigurationPosition

  /// Reads a text from a configuration file.
  public init(from decoder: any Decoder) throws {
    let node = try ConfigurationNode(from: decoder)
    text = try node.decode(String.self)
    position = node.position
  }

  private init() {
    text = ""
    position = ConfigurationPosition(file: "", line: 0, column: 0)
  }

  /// No text, nowhere.
  package static let none = ConfigurationText()
}
