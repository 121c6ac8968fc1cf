// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// All that is wrong with a menu.
public struct MenuError: Error, CustomStringConvertible {
  /// The problems, each with its place and a text.
  ///
  /// The place is given by the keys that lead there, and the text continues a sentence that these keys begin.
  /// If the decoder had an error of its own, it is the underlying one.
  public let problems: [DecodingError.Context]

  /// One problem a line.
  public var description: String {
    problems.map { problem in
      if let error = problem.underlyingError { return "\(error)" }
      let path = problem.codingPath.reduce("") { path, key in
        path + (key.intValue.map { "[\($0)]" } ?? "\(path.isEmpty ? "" : ".")\(key.stringValue)")
      }
      return "\(path.isEmpty ? "the menu" : path) \(problem.debugDescription)"
    }.joined(separator: "\n")
  }
}

/// The problems found so far in a part of a menu; reading goes on after each.
struct MenuProblems {
  private let codingPath: [any CodingKey]
  private(set) var found: [DecodingError.Context] = []

  /// No problems with the part that these keys lead to.
  init(_ codingPath: [any CodingKey]) { self.codingPath = codingPath }

  /// Adds a problem with the part, or with what further keys lead to.
  mutating func add(_ problem: String, _ keys: [any CodingKey] = []) {
    found.append(DecodingError.Context(codingPath: codingPath + keys, debugDescription: problem))
  }

  /// What `body` returns, or nil if it throws.
  mutating func collect<Value>(_ keys: [any CodingKey], _ body: () throws -> Value) -> Value? {
    do {
      return try body()
    } catch {
      add(error, codingPath + keys)
      return nil
    }
  }

  /// The value of a key that must be there.
  mutating func decode<Value: Decodable, Key>(
    _ type: Value.Type, _ key: Key, _ container: KeyedDecodingContainer<Key>
  ) -> Value? {
    collect([key]) { try container.decode(type, forKey: key) }
  }

  /// The value of a key that may be left out.
  mutating func decodeIfPresent<Value: Decodable, Key>(
    _ type: Value.Type, _ key: Key, _ container: KeyedDecodingContainer<Key>
  ) -> Value? {
    collect([key]) { try container.decodeIfPresent(type, forKey: key) } ?? nil
  }

  /// The value of an element of a list.
  mutating func value<Value>(of attempt: Attempt<Value>) -> Value? {
    switch attempt.result {
    case .success(let value): return value
    case .failure(let error):
      add(error, attempt.codingPath)
      return nil
    }
  }

  private mutating func add(_ error: any Error, _ path: [any CodingKey]) {
    switch error {
    case is RefusedObservables.Mention:
      // The observable's own problem says what is wrong.
      break
    case let error as PluginError:
      found.append(.init(codingPath: path, debugDescription: "is refused: \(error)"))
    case DecodingError.dataCorrupted(let context), DecodingError.typeMismatch(_, let context),
      DecodingError.valueNotFound(_, let context):
      found.append(
        .init(codingPath: context.codingPath, debugDescription: "is refused: \(context.debugDescription)"))
    case DecodingError.keyNotFound(let key, let context):
      found.append(
        .init(codingPath: context.codingPath, debugDescription: "lacks the key '\(key.stringValue)'; add it"))
    default:
      found.append(.init(codingPath: path, debugDescription: "\(error)", underlyingError: error))
    }
  }
}

/// A value, or why it cannot be decoded, so that the elements after it are read all the same.
struct Attempt<Value: Decodable>: Decodable {
  let codingPath: [any CodingKey]
  let result: Result<Value, any Error>

  init(from decoder: any Decoder) {
    codingPath = decoder.codingPath
    result = Result { try decoder.singleValueContainer().decode(Value.self) }
  }
}
