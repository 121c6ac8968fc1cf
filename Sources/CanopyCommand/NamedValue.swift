// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser

/// A name and a number, as in `--condition mass=500`.
struct NamedValue: ExpressibleByArgument {
  let name: String
  let value: Double

  init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, let value = Double(parts[1]), value.isFinite else {
      return nil
    }
    name = String(parts[0])
    self.value = value
  }

  /// Throws if a name is given twice.
  static func checkNames(_ values: [NamedValue], option: String) throws {
    let names = values.map(\.name)
    if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
      throw ValidationError("\(option) gives \(name) twice; give it once.")
    }
  }

  /// The values by their names, which differ.
  static func dictionary(_ values: [NamedValue]) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })
  }
}
