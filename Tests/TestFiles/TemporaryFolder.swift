// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A folder for the files of one test, removed with it.
public final class TemporaryFolder {
  /// Where the folder is.
  public let url = FileManager.default.temporaryDirectory.appendingPathComponent(
    "canopy-tests-" + UUID().uuidString)

  /// An empty folder.
  public init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// What lies in the folder, hidden files included.
  public var content: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }

  /// The path of a file in the folder, which need not exist.
  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// Writes a file and returns its path.
  @discardableResult
  public func write(_ data: Data, to name: String = "events") throws -> String {
    try data.write(to: url.appendingPathComponent(name))
    return path(name)
  }

  /// Writes a file and returns its path.
  @discardableResult
  public func write(_ text: String, to name: String = "events") throws -> String {
    try write(Data(text.utf8), to: name)
  }

  /// The content of a file.
  public func data(_ name: String) throws -> Data { try Data(contentsOf: url.appendingPathComponent(name)) }

  /// The content of a text file.
  public func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }
}
