// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// Where a new package finds Canopy.
struct CanopySources {
  /// The dependency, as a package's manifest has it.
  let dependency: String
  /// The name of the package there.
  let package: String
  /// The samples of Canopy, seen from the new package.
  let samples: String

  /// Sources that a user names.
  ///
  /// - Throws: `PluginError` where a folder does not hold them.
  init(_ place: String) throws {
    let isURL = place.contains("://") || place.contains("@")
    let last = place.split(separator: "/").last.map(String.init) ?? ""
    guard !place.contains(where: { $0 == "\"" || $0 == "\\" || $0.isNewline }) else {
      throw PluginError(
        "\(place): a place with quotes, backslashes or line breaks cannot stand in a manifest.")
    }
    if isURL {
      let package = (last.hasSuffix(".git") ? String(last.dropLast(4)) : last).lowercased()
      self.init(
        dependency: ".package(url: \"\(place)\", from: \"\(CanopyVersion.current)\")", package: package,
        samples: ".build/checkouts/\(package)/Resources/Samples")
    } else {
      try self.init(folder: URL(fileURLWithPath: place).standardizedFileURL)
    }
  }

  /// The sources that the running program was built from.
  ///
  /// - Throws: `PluginError` where it does not lie among them.
  init() throws {
    var folder = URL(fileURLWithPath: Bundle.main.executablePath ?? "").resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      if Self.areSources(folder) {
        try self.init(folder: folder)
        return
      }
    }
    throw PluginError("Canopy's sources are not where canopy is: give their folder or URL by --canopy.")
  }

  private init(folder: URL) throws {
    guard Self.areSources(folder) else {
      throw PluginError("\(folder.path): holds no sources of Canopy: give their folder or URL by --canopy.")
    }
    self.init(
      dependency: ".package(path: \"\(folder.path)\")", package: folder.lastPathComponent.lowercased(),
      samples: folder.appendingPathComponent("Resources/Samples").path)
  }

  private init(dependency: String, package: String, samples: String) {
    self.dependency = dependency
    self.package = package
    self.samples = samples
  }

  private static func areSources(_ folder: URL) -> Bool {
    ["Package.swift", "Sources/PluginKit"].allSatisfy {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
    }
  }
}
