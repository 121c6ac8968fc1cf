// SPDX-License-Identifier: GPL-3.0-or-later

/// The values that a number may have.
public struct SettingRange<Number: Comparable & Sendable>: Sendable {
  /// The range in words for tables, such as `1 to 1024`.
  let description: String
  /// What an error says of a value outside, such as `must lie between 1 and 1024`.
  let requirement: String
  let contains: @Sendable (Number) -> Bool

  private init(
    _ description: String, _ requirement: String, contains: @escaping @Sendable (Number) -> Bool
  ) {
    self.description = description
    self.requirement = requirement
    self.contains = contains
  }

  /// What is wrong with a value; nil if nothing is.
  func problem(with value: Number) -> String? {
    if contains(value) { return nil }
    // NaN alone differs from itself; whatever it is compared with would be blamed in its place.
    return value == value ? requirement : "must be a number, not nan"
  }
}

extension SettingRange where Number: LosslessStringConvertible {
  /// From one number to another, both included.
  public static func closed(_ range: ClosedRange<Number>) -> SettingRange {
    let (low, high) = (plain(range.lowerBound), plain(range.upperBound))
    return SettingRange("\(low) to \(high)", "must lie between \(low) and \(high)") { range.contains($0) }
  }

  /// Between two numbers, none of them included.
  public static func open(_ low: Number, _ high: Number) -> SettingRange {
    let words = "between \(plain(low)) and \(plain(high))"
    return SettingRange(words, "must lie \(words)") { low < $0 && $0 < high }
  }

  /// From a number, which is included, to less than another.
  public static func halfOpen(_ range: Range<Number>) -> SettingRange {
    let words = "\(plain(range.lowerBound)) to less than \(plain(range.upperBound))"
    return SettingRange(words, "must lie from \(words)") { range.contains($0) }
  }

  /// A number without “.0”, and without leading zeros in an exponent.
  private static func plain(_ number: Number) -> String {
    let text = "\(number)".replacing("e-0", with: "e-")
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension SettingRange where Number == Int {
  /// 1 or more.
  public static var positive: SettingRange { SettingRange("1 or more", "must be 1 or more") { $0 >= 1 } }
  /// 0 or more.
  public static var notNegative: SettingRange {
    SettingRange("0 or more", "must not be negative") { $0 >= 0 }
  }
}

extension SettingRange where Number == Double {
  /// Above 0 and finite.
  public static var positive: SettingRange {
    SettingRange("positive", "must be positive") { $0 > 0 && $0.isFinite }
  }
  /// 0 or more, and finite.
  public static var notNegative: SettingRange {
    SettingRange("0 or more", "must not be negative") { $0 >= 0 && $0.isFinite }
  }
  /// Any finite number.
  public static var finite: SettingRange { SettingRange("finite", "must be finite") { $0.isFinite } }
}
