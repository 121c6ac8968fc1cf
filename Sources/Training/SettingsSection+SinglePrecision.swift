// SPDX-License-Identifier: GPL-3.0-or-later

import Settings

extension SettingsSection {
  /// Makes sure that numbers with which a training computes in single precision lie in their ranges when they are rounded to it.
  ///
  /// - Parameters:
  ///   - numbers: where the section has such numbers.
  ///   - optional: where it has those that may be left out.
  /// - Throws: `SettingProblem` that names the first key.
  func checkRounded(
    _ numbers: [WritableKeyPath<Self, Double>], _ optional: [WritableKeyPath<Self, Double?>] = []
  ) throws {
    var rounded = self
    for number in numbers { rounded[keyPath: number] = Double(Float(self[keyPath: number])) }
    for number in optional { rounded[keyPath: number] = self[keyPath: number].map { Double(Float($0)) } }
    if let (key, problem) = rounded.firstProblem {
      throw SettingProblem(key, "\(problem) and finite, also when it is rounded to single precision")
    }
  }
}
