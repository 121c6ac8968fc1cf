// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// What is wrong with a model, in one sentence.
public struct ModelError: ReportedError, Sendable, Equatable {
  /// The sentence.
  public let description: String

  /// An error that says `description`.
  public init(_ description: String) { self.description = description }
}

extension ModelError {
  /// The sentence with its full stop, which errors lack whose file is still to be named; a question needs none.
  package var sentence: String {
    description.hasSuffix("?") || description.hasSuffix(".") ? description : description + "."
  }
}

extension Error {
  /// What is wrong without a full stop, for a sentence that also names the file.
  var clause: String {
    let text = (self as? DecodingError)?.clause ?? "\(self)"
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}

extension DecodingError {
  /// What is wrong and where, without the type names of the program.
  fileprivate var clause: String {
    func path(_ context: Context, _ last: (any CodingKey)? = nil) -> String {
      var path = ""
      for key in context.codingPath + (last.map { [$0] } ?? []) {
        path += key.intValue.map { "[\($0)]" } ?? (path.isEmpty ? "" : ".") + key.stringValue
      }
      return path.isEmpty ? "it" : path
    }
    switch self {
    case .keyNotFound(let key, let context): return "\(path(context, key)) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(path(context)) has another type than it should"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "it is no JSON, or a number in it is out of range"
        : "\(path(context)): \(context.debugDescription)"
    @unknown default: return "\(self)"
    }
  }
}
