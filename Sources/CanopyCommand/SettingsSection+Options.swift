// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

extension SettingsSection {
  /// The help of the option that is spelled like a setting: what it is, its unit and its default.
  static func help(_ key: String, valueName: String? = nil) -> ArgumentHelp {
    guard let setting = settings.first(where: { $0.key == key }) else {
      preconditionFailure("there is no setting \(key)")
    }
    let unit = setting.unit.map { ", in \($0)" } ?? ""
    let text = "\(setting.meaning)\(unit)".replacing("`", with: "")
    let sentence = text.prefix(1).uppercased() + text.dropFirst()
    // An option that names its value has no default of its own, which the parser would tell.
    let shown =
      valueName == nil || setting.defaultValue == "none"
      ? nil : setting.defaultValue?.replacing("`", with: "")
    return ArgumentHelp("\(sentence)\(shown.map { " (default: \($0))" } ?? "").", valueName: valueName)
  }

  /// Makes sure that options are in range and go together.
  ///
  /// - Parameter given: the keys of the options that are given.
  /// - Throws: `ValidationError` that names the option.
  func checkOptions(given: Set<String>) throws {
    func refusal(_ key: String, _ problem: String) -> ValidationError {
      ValidationError("--\(key) \(problem).")
    }
    if let (key, problem) = firstProblem { throw refusal(key, problem) }
    do {
      try check(given: given)
    } catch let error as SettingProblem {
      throw refusal(error.key, error.problem)
    }
  }
}
