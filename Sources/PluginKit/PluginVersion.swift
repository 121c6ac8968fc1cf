// SPDX-License-Identifier: GPL-3.0-or-later

/// A version of a plugin, such as 1.0.2: a model with another first number is refused.
public struct PluginVersion: Sendable, Hashable, CustomStringConvertible {
  /// Changes when earlier models can no longer be read.
  public let major: Int
  /// Changes when something is added.
  public let minor: Int
  /// Changes when something is repaired.
  public let patch: Int

  /// The version `major.minor.patch`.
  public init(_ major: Int, _ minor: Int, _ patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// The version that a text such as `1.0.2` names, if it names one.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2] else {
      return nil
    }
    guard min(major, minor, patch) >= 0 else { return nil }
    self.init(major, minor, patch)
  }

  /// `major.minor.patch`.
  public var description: String { "\(major).\(minor).\(patch)" }
}

extension PluginVersion: Codable {
  /// Reads `major.minor.patch`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let version = PluginVersion(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(text) is no version such as 1.0.2")
    }
    self = version
  }

  /// Writes `major.minor.patch`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
