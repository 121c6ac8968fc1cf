// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The events that the package ships.
public enum Samples {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Resources/Samples")

  /// The path of a file in `Resources/Samples`.
  public static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// The content of a file in `Resources/Samples`.
  public static func data(_ name: String) throws -> Data {
    try Data(contentsOf: folder.appendingPathComponent(name))
  }
}
