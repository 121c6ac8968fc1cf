// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// `canopy inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Says what is in event files, in a model, in a file of tensors or in a detector's card.",
    discussion: """
      Of an event file at most \(EventFileContent.maximumEvents) events are read: format, particles an event, the \
      further columns with their ranges, and the first event. Of a model: jet definition, network, heads, and how \
      it was trained, epoch by epoch. Of a .safetensors file: names and shapes of the tensors. \
      Of a detector's card, which ends in .yaml: the detector as it is understood.

      EXAMPLES:
        canopy inspect events.hepmc.zst
        canopy inspect w-tagger
        canopy inspect w-tagger/weights.safetensors
        canopy inspect my-detector.yaml
      """)

  @Argument(
    help:
      """
      Event files or samples, - for standard input, the folder or the shipped name of a model, a .safetensors file, or a detector's \
      card or its shipped name.
      """,
    completion: .file())
  var paths: [String]

  @OptionGroup
  var content: ContentOptions

  @OptionGroup
  var plugins: PluginOptions

  func validate() throws { try ReadingOptions.checkStandardInput(paths) }

  func run() throws {
    try reportingFailures {
      try writeToStandardOutput(Data(try listing().text.utf8))
    }
  }

  private func listing() throws -> Listing {
    let plugins = try plugins.registry()
    if paths.count == 1, let card = try card(paths[0]) {
      return Listing(try Detector(card: card), file: card)
    }
    if paths.count == 1, InputArgument.isFile(paths[0]) { return try listing(of: paths[0], plugins) }
    if let path = try paths.first(where: isOfItsOwn) {
      throw ValidationError(
        "\(path) is a model, a file of tensors or a detector's card, of which one is described at a time; name it alone."
      )
    }
    let contents = try InputArgument.samples(paths).map {
      try EventFileContent($0, content, plugins.eventFormats)
    }
    return Listing(contents)
  }

  /// The file of the detector's card that an argument names; nil if it names something else, such as a file of samples.
  private func card(_ argument: String) throws -> String? {
    let file = ShippedResources.detector(argument)
    guard !argument.hasPrefix("{"), [".yaml", ".yml"].contains(where: file.hasSuffix) else { return nil }
    let node = try ConfigurationNode(contentsOf: URL(fileURLWithPath: file))
    guard node.isMapping || node.isList else {
      throw node.error("is neither a detector's card, a mapping of its keys, nor a list of samples")
    }
    return node.isMapping && !node.keys.contains("inputs") ? file : nil
  }

  /// Whether an argument names what is not a sample.
  private func isOfItsOwn(_ argument: String) throws -> Bool {
    let path = ShippedResources.model(argument)
    return try FileManager.default.fileExists(atPath: "\(path)/\(Model.descriptionFile)")
      || isSafetensors(path)
      || card(argument) != nil
  }

  /// What is in a file or a model.
  private func listing(of path: String, _ plugins: PluginRegistry) throws -> Listing {
    let path = path == "-" ? path : ShippedResources.model(path)
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    if path != "-", FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      return Listing(try Model(contentsOf: url, plugins: plugins), folder: path)
    }
    if isSafetensors(path) { return Listing(try Safetensors(contentsOf: url)) }
    return Listing(try EventFileContent(InputSample(files: [path]), content, plugins.eventFormats))
  }

  /// Whether the file starts as a header's length and a header in JSON.
  private func isSafetensors(_ path: String) -> Bool {
    guard path != "-", let file = FileHandle(forReadingAtPath: path),
      (try? file.seekToEnd()) != nil, (try? file.seek(toOffset: 0)) != nil,
      let start = try? file.read(upToCount: 10), start.count == 10
    else { return false }
    // A header of 2^32 bytes and more is no header; text has no zero bytes.
    return start[4..<8].allSatisfy { $0 == 0 } && start[8] == UInt8(ascii: "{")
  }
}
