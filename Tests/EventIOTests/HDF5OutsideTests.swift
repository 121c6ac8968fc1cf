// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import Foundation
import TestFiles
import Testing

/// Files that name other files: nothing of those is read.
@Suite struct HDF5OutsideTests {
  /// The content of the place at which a fixture says that its numbers are.
  enum Secret: CaseIterable {
    case file
    /// If anything opened it, it would wait for ever.
    case fifo
    case nothing
  }

  /// A folder with a fixture and what stands at the name `secret.h5`.
  private static func folder(_ name: String, with secret: Secret) throws -> (TemporaryFolder, String) {
    let folder = try TemporaryFolder()
    let path = folder.url.appendingPathComponent("\(name).h5").path
    try FileManager.default.copyItem(atPath: HDF5LayoutTests.path(name), toPath: path)
    let place = folder.url.appendingPathComponent("secret.h5").path
    switch secret {
    case .file: try FileManager.default.copyItem(atPath: HDF5LayoutTests.path("secret"), toPath: place)
    case .fifo: #expect(mkfifo(place, 0o600) == 0)
    case .nothing: break
    }
    return (folder, path)
  }

  @Test(arguments: [
    ("external-link", "particle/mass is a link to another file"),
    ("external-group", "particle/"), ("external-raw", "particle/mass has its numbers in other files"),
    ("virtual", "particle/mass is a virtual dataset"),
  ])
  func momentaOfOtherFilesAreRefused(name: String, sentence: String) throws {
    for secret in Secret.allCases {
      let (folder, path) = try Self.folder(name, with: secret)
      #expect(refusal(path).hasPrefix("\(path), \(sentence)"), "\(refusal(path))")
      withExtendedLifetime(folder) {}
    }
  }

  @Test func columnsOfOtherFilesAreNotRead() throws {
    for secret in Secret.allCases {
      let (folder, path) = try Self.folder("external-column", with: secret)
      let batch = try #require(try batches(path).first)
      // Links inside the file are followed.
      #expect(Set(batch.columns.names) == ["label", "alias", "relative", "text"])
      #expect(batch.columns["alias"]?.values == [1, 0] && batch.columns["relative"]?.values == [1, 0])
      let reasons = batch.unreadableColumns
      #expect(Set(reasons.keys) == ["secret", "dangling", "loop", "around", "short", "cube"])
      #expect(reasons["secret"]?.hasPrefix("it is a link to another file") == true)
      #expect(reasons["around"]?.hasPrefix("it is a link to another file") == true)
      #expect(reasons["dangling"]?.hasPrefix("it is a link to '/nowhere', which leads to nothing") == true)
      #expect(reasons["loop"]?.contains("leads to nothing") == true)
      #expect(batch.columns["text"]?.text(ofRow: 1) == "b")
      #expect(reasons["short"]?.hasPrefix("it has 1 rows for 2 events") == true)
      #expect(reasons["cube"]?.hasPrefix("it has 3 dimensions") == true)
      withExtendedLifetime(folder) {}
    }
  }
}
