// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// The models that the package ships.
public enum Models {
  /// The folder of a model in `Resources/Models`.
  public static func folder(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Resources/Models/\(name)")
  }
}
