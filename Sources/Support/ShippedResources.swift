// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// What comes with the program: models, samples, configurations, menus, detectors and the demo.
package enum ShippedResources {
  /// Their folder: in `../share/canopy` of an installation, or in the sources whose `.build` has the program; nil if the
  /// program is elsewhere.
  package static let folder: String? = {
    let program = URL(fileURLWithPath: Bundle.main.executablePath ?? "").resolvingSymlinksInPath()
    let programs = program.deletingLastPathComponent()
    var places = [programs.appendingPathComponent("../share/canopy")]
    let build = programs.deletingLastPathComponent().deletingLastPathComponent()
    if build.lastPathComponent == ".build" { places.append(build.deletingLastPathComponent()) }
    return places.map { $0.appendingPathComponent("Resources").standardizedFileURL.path }
      .first { FileManager.default.fileExists(atPath: "\($0)/demo.sh") }
  }()

  /// The folder of a model that a user names: what is there goes before the models that come with the program.
  package static func model(_ name: String) -> String {
    guard let folder, !name.isEmpty, !name.contains("/"), !FileManager.default.fileExists(atPath: name)
    else { return name }
    let model = "\(folder)/Models/\(name)"
    return FileManager.default.fileExists(atPath: model) ? model : name
  }

  /// The file of a card that a user names: what is there goes before the cards that come with the program.
  package static func detector(_ name: String) -> String {
    guard let folder, !name.isEmpty, !name.contains("/"), !FileManager.default.fileExists(atPath: name)
    else { return name }
    let card = "\(folder)/Detectors/\(name).yaml"
    return FileManager.default.fileExists(atPath: card) ? card : name
  }

  /// The names of the cards that come with the program.
  package static var detectors: [String] {
    let files =
      folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: "\($0)/Detectors") } ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }
}
