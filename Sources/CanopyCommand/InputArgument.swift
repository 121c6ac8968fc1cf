// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

extension InputSample {
  /// The name, else the names of the files without their folders.
  var shortTitle: String {
    name ?? files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: ", ")
  }

  /// The label as it is written; nil if it is the files'.
  var label: String? {
    guard let column = allColumns["label"] else { return nil }
    return column.categories?.first ?? String(format: "%g", column.values[0])
  }
}

/// What an argument that names events says: a file, a sample in YAML, or a YAML file of samples.
enum InputArgument {
  /// The samples that arguments name.
  ///
  /// - Throws: `ValidationError` if a sample among the arguments is wrong, `ConfigurationError` if one in a file is.
  static func samples(_ arguments: [String]) throws -> [InputSample] {
    try arguments.flatMap { argument -> [InputSample] in
      if isSample(argument) {
        do {
          return [try ConfigurationNode(yaml: argument, source: "the argument").decode()]
        } catch let error as ConfigurationError {
          throw ValidationError(error.description)
        }
      }
      guard isList(argument) else { return [InputSample(files: [argument])] }
      let node = try ConfigurationNode(
        yaml: ConfigurationNode.text(of: URL(fileURLWithPath: argument)), source: argument)
      let samples = node.isMapping ? try node.decode(SampleList.self).inputs : try node.decode()
      guard !samples.isEmpty else { throw node.error("names no sample; give at least one") }
      return samples
    }
  }

  /// Whether an argument is the name of a file, and no sample or list of samples.
  static func isFile(_ argument: String) -> Bool { !isSample(argument) && !isList(argument) }

  /// The YAML files of samples among arguments.
  static func lists(_ arguments: [String]) -> [String] { arguments.filter(isList) }

  private static func isSample(_ argument: String) -> Bool {
    argument.hasPrefix("{") && !FileManager.default.fileExists(atPath: argument)
  }

  private static func isList(_ argument: String) -> Bool {
    !isSample(argument) && [".yaml", ".yml"].contains { argument.hasSuffix($0) }
  }

  private struct SampleList: Decodable {
    var inputs: [InputSample]
  }
}
