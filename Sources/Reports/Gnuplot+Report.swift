// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension Gnuplot {
  /// Which files of the folder `place` stay next to a new report.
  private static func isKept(of place: String) -> (String) -> Bool {
    let isReport = FileManager.default.fileExists(atPath: "\(place)/\(scriptFile)")
    let kinds = ["csv", "gnuplot", "json", "pdf", "png", "svg"]
    return { name in !isReport || !kinds.contains(URL(fileURLWithPath: name).pathExtension) }
  }

  /// Writes files, and the figures that a script draws from them, into a folder, which is made if it does not
  /// exist.
  ///
  /// The folder appears when it is complete. If it replaces an earlier report, it keeps only the files that
  /// no report has; if it replaces another folder, it keeps all other files.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - content: the content of the files by name.
  ///   - script: the commands that draw the figures in the folder; it is written as `figures.gnuplot`.
  /// - Throws: ``ReportError`` if gnuplot fails or the folder cannot be written.
  package func writeReport(to folder: URL, files content: [String: Data], script: String) throws {
    do {
      try FileManager.default.createDirectory(
        at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
      let place = folder.resolvingSymlinksInPath().path
      var isFolder: ObjCBool = true
      guard !FileManager.default.fileExists(atPath: place, isDirectory: &isFolder) || isFolder.boolValue
      else {
        throw FileOutputError(place, code: ENOTDIR)
      }
      let staging = try WholeFolder(beside: place)
      for (name, data) in content { try staging.write(data, to: name) }
      try staging.write(Data(script.utf8), to: Self.scriptFile)
      try run(in: staging.url)
      if !FileManager.default.fileExists(atPath: place) {
        try staging.commit()
      } else if try !staging.exchange(keeping: Self.isKept(of: place)) {
        try staging.moveContent(to: place)
      }
    } catch {
      if let error = error as? ReportError { throw error }
      throw ReportError("report", in: folder.relativePath, error)
    }
  }
}
