// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit
import Support

/// What multiplies the momenta of particles before a model reads them, as `model.json` has it: an observable, or the name of a model,
/// which lies in a folder of its own.
public enum WeightingDescription: Sendable, Equatable {
  /// An observable.
  case observable(ObservableDescription)
  /// A model, by what it was called.
  case model(String)
}

extension WeightingDescription: Codable {
  private enum CodingKeys: String, CodingKey { case observable, model }

  /// Reads an observable or the name of a model.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self =
      try container.decodeIfPresent(ObservableDescription.self, forKey: .observable).map { .observable($0) }
      ?? .model(container.decode(String.self, forKey: .model))
    if case .model(let name) = self, !Self.isName(name) {
      throw DecodingError.dataCorruptedError(
        forKey: .model, in: container, debugDescription: "“\(name.printable)” is no name of a model")
    }
  }

  /// Whether a text is the last part of a path, as what a model was called.
  private static func isName(_ text: String) -> Bool {
    !["", ".", ".."].contains(text) && !text.contains { $0 == "/" || $0 == "\0" }
      && URL(fileURLWithPath: text).lastPathComponent == text
  }

  /// Writes an observable or the name of a model.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .observable(let observable): try container.encode(observable, forKey: .observable)
    case .model(let name): try container.encode(name, forKey: .model)
    }
  }
}
