// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

extension ConfigurationNode {
  /// Reads a YAML file.
  ///
  /// - Throws: ``ConfigurationError`` if the file cannot be read, is empty, is not YAML or is beyond the limits of a
  ///   document: 4 MiB, 100,000 values (those of aliases included), 64 levels, 64 KiB a value and 1,000 bytes a key.
  public init(contentsOf file: URL) throws {
    try self.init(yaml: Self.text(of: file), source: file.relativePath)
  }

  /// The text of a file, without a byte order mark.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - kind: what messages call such a file.
  /// - Returns: the text.
  /// - Throws: ``ConfigurationError`` if the file cannot be read, is not text or is too large.
  package static func text(of file: URL, kind: String = "YAML") throws -> String {
    let position = ConfigurationPosition(file: file.relativePath, line: 0, column: 0)
    let data: Data
    do {
      // No more than the limit is read, as a pipe or a device may never end.
      let handle = try FileHandle(forReadingFrom: file)
      defer { try? handle.close() }
      data = try handle.read(upToCount: DocumentLimits.fileSize + 1) ?? Data()
    } catch {
      let isFolder = (try? file.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
      throw ConfigurationError(
        position, isFolder ? "it is a folder; name a YAML file" : "it cannot be read: \(error.fileReason)")
    }
    guard data.count <= DocumentLimits.fileSize else {
      throw ConfigurationError(
        position, "it has more than the \(DocumentLimits.fileSize) bytes that are read of a \(kind) file")
    }
    let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let content = data.starts(with: byteOrderMark) ? data.dropFirst(byteOrderMark.count) : data
    guard let text = String(validating: content, as: UTF8.self) else {
      throw ConfigurationError(position, "it is not UTF-8 text; name a \(kind) file")
    }
    return text
  }

  /// Reads YAML text; `source` names the file in messages.
  ///
  /// - Throws: ``ConfigurationError`` if the text is empty, is not YAML or is beyond the limits of a document.
  public init(yaml text: String, source: String) throws {
    var composer = YAMLComposer(text, source: source)
    guard let root = try composer.root() else {
      throw ConfigurationError(
        ConfigurationPosition(file: source, line: 0, column: 0), "it is empty; write a configuration into it")
    }
    guard !root.isNull else { throw root.error("is empty; write its sections") }
    self = root
  }
}
