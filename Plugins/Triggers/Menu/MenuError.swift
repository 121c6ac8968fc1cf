// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// All that is wrong with a menu.
public struct MenuError: Error, CustomStringConvertible {
  /// The problems, each with its place and a text.
  ///
  /// The place is given by the keys that lead there, and the text continues a sentence that these keys begin.
  /// If the decoder had an error of its own, it is the underlying one.
  public let problems: [DecodingError.Context]

  init(problems: [DecodingError.Context]) { self.problems = problems }

  /// What is wrong with the name under `apply`.
  package init(ofApply error: PluginError) {
    problems = [.init(codingPath: [MenuKey("apply")], debugDescription: "is refused: \(error)")]
  }

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

/// A key of a menu.
struct MenuKey: CodingKey, ExpressibleByStringLiteral {
  let stringValue: String
  var intValue: Int? { nil }

  init(stringValue: String) { self.stringValue = stringValue }
  init(stringLiteral value: String) { stringValue = value }
  init?(intValue: Int) { nil }
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

  /// Reads the settings of a section that can be read.
  ///
  /// - Parameters:
  ///   - section: the section.
  ///   - decoder: what is read.
  /// - Returns: the keys of those that cannot be read.
  /// - Throws: what the decoder throws if there is no mapping.
  @discardableResult
  mutating func read<Section: SettingsSection>(
    _ section: inout Section, from decoder: any Decoder
  ) throws -> Set<String> {
    var refused: Set<String> = []
    try section.read(from: decoder) { key, error in
      add(error, codingPath + [key])
      refused.insert(key.stringValue)
    }
    return refused
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
struct Attempt<Value: Decodable & Sendable>: Decodable, Sendable {
  let codingPath: [any CodingKey]
  let result: Result<Value, any Error>

  init(from decoder: any Decoder) {
    codingPath = decoder.codingPath
    result = Result { try decoder.singleValueContainer().decode(Value.self) }
  }
}
