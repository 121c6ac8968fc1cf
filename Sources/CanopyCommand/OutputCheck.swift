// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// Makes sure before the first event that each output can be written to its place, and that none takes the place of an
/// input or of another output, by whatever names and links they are given.
struct OutputCheck {
  /// What an output is.
  enum Kind {
    case file
    /// A folder, which is made if it is not there.
    case folder
    /// A folder of a report, whose files have names that follow from what is in it.
    case report
    /// A file of a folder that is another output.
    case part
  }

  private struct File {
    /// As the user gave it.
    let name: String
    let identity: Identity?
    var kind = Kind.file
    /// Nil for standard output.
    var path: String?
  }

  /// What a file is, whatever its name.
  private enum Identity: Hashable {
    /// By device and number of its entry.
    case existing(dev_t, ino_t)
    /// By the folder that it will be in, and its name there.
    case future(dev_t, ino_t, String)
  }

  private var inputs: [File] = []
  private var outputs: [File] = []

  /// Adds the files of events that arguments name, of which `-` is standard input.
  mutating func addInputs(_ arguments: [String]) throws {
    for list in InputArgument.lists(arguments) { addInput(list) }
    addInputs(files: try InputArgument.samples(arguments).flatMap(\.files))
  }

  /// Adds files of events, of which `-` is standard input.
  mutating func addInputs(files: [String]) {
    for path in files { addInput(path == "-" ? "standard input" : path, path == "-" ? "/dev/fd/0" : path) }
  }

  /// Adds a file that is read, such as a menu.
  mutating func addInput(_ path: String) { addInput(path, path) }

  private mutating func addInput(_ name: String, _ path: String) {
    inputs.append(File(name: name, identity: Self.identity(path)))
  }

  /// Adds a model that is read, if one is.
  mutating func addModel(_ folder: String?) {
    guard let folder else { return }
    addInput(folder, folder)
    for file in [Model.descriptionFile, Model.weightsFile] { addInput("\(folder)/\(file)") }
    // Those of a model of folds.
    var fold = 0
    while case let path = "\(folder)/\(Model.folder(ofFold: fold))",
      FileManager.default.fileExists(atPath: path)
    {
      addInput(path)
      for file in [Model.descriptionFile, Model.weightsFile] { addInput("\(path)/\(file)") }
      fold += 1
    }
    // That of what weights particles for it.
    let applied = "\(folder)/\(AppliedWeighting.folder)"
    if FileManager.default.fileExists(atPath: applied) { addModel(applied) }
  }

  /// Adds the libraries of plugins.
  mutating func addPlugins(_ plugins: PluginRegistry) {
    for case .library(let path) in plugins.origins { addInput(path) }
  }

  /// Adds a file or folder that an option names; without it, standard output, which may lead to a file.
  mutating func addOutput(_ option: String, _ path: String?, _ kind: Kind = .file) {
    let name = path.map { "\(option) \($0)" } ?? "standard output"
    outputs.append(
      File(name: name, identity: Self.identity(path ?? "/dev/fd/1"), kind: kind, path: path))
  }

  /// Throws if an output is an input or another output, or cannot be written to its place.
  func check() throws {
    for (index, output) in outputs.enumerated() {
      guard let identity = output.identity else { continue }
      if let input = inputs.first(where: { $0.identity == identity }) {
        throw ValidationError("\(output.name) is the input \(input.name), which would be lost; name another.")
      }
      if let other = outputs[..<index].first(where: { $0.identity == identity }) {
        throw ValidationError("\(output.name) and \(other.name) are the same; name another.")
      }
    }
    for output in outputs {
      guard let path = output.path else { continue }
      switch output.kind {
      case .file: try ResultDestination.file(path).check()
      case .folder: try OutputPlace.checkFolder(path)
      case .report:
        try checkReport(output.name, path)
        try OutputPlace.checkFolder(path)
      case .part: break
      }
    }
  }

  /// The endings of files that reports have.
  private static let endingsOfReports: Set<String> = ["csv", "gnuplot", "json", "png", "svg"]

  /// Throws if a folder has an input that a file of a report may replace.
  private func checkReport(_ name: String, _ folder: String) throws {
    let content = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for file in content where Self.endingsOfReports.contains((file as NSString).pathExtension) {
      guard let identity = Self.identity("\(folder)/\(file)"),
        let input = inputs.first(where: { $0.identity == identity })
      else { continue }
      throw ValidationError(
        "\(name) has the input \(input.name), which a file of the report may replace; name another folder.")
    }
  }

  /// Pipes and devices have none, as they take whatever is written.
  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    if stat(path, &status) == 0 {
      guard [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) else { return nil }
      return .existing(status.st_dev, status.st_ino)
    }
    let url = URL(fileURLWithPath: path)
    guard stat(url.deletingLastPathComponent().path, &status) == 0 else { return nil }
    return .future(status.st_dev, status.st_ino, url.lastPathComponent)
  }
}
