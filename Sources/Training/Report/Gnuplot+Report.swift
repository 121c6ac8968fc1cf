// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension Gnuplot {
  /// Writes files, and the figures that a script draws from them, into a folder, which is made where it does not exist.
  ///
  /// The files are complete before the first takes its place, and replace those of an earlier report.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - files: the content of the files by name.
  ///   - script: the commands that draw the figures in the folder; it is written as `figures.gnuplot`.
  /// - Throws: ``ReportError`` where gnuplot fails or the folder cannot be written.
  package func writeReport(to folder: URL, files content: [String: Data], script: String) throws {
    let files = FileManager.default
    let isNew = !files.fileExists(atPath: folder.path)
    let staging = folder.appendingPathComponent(".report-\(UUID().uuidString)", isDirectory: true)
    do {
      try files.createDirectory(at: staging, withIntermediateDirectories: true)
      for (name, data) in content { try data.write(to: staging.appendingPathComponent(name)) }
      let scriptFile = staging.appendingPathComponent("figures.gnuplot")
      try Data(script.utf8).write(to: scriptFile)
      try run(script: scriptFile)
      for file in try files.contentsOfDirectory(at: staging, includingPropertiesForKeys: nil) {
        let place = folder.appendingPathComponent(file.lastPathComponent)
        guard rename(file.path, place.path) == 0 else {
          throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
      }
      try files.removeItem(at: staging)
    } catch {
      try? files.removeItem(at: isNew ? folder : staging)
      if let error = error as? ReportError { throw error }
      throw ReportError(
        description: "\(folder.relativePath): the report cannot be written: \(error.fileReason); "
          + "choose a folder that can be written to.",
        isInputError: true)
    }
  }
}
