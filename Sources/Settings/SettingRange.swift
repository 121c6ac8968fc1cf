// SPDX-License-Identifier: GPL-3.0-or-later

/// The values that a number may have.
public struct SettingRange<Number: Comparable & Sendable>: Sendable {
  /// The range in words for tables, such as `1 to 1024`.
  let description: String
  /// What an error says of a value outside, such as `must lie between 1 and 1024`.
  let requirement: String
  /// The same if the range is finite, but has no end.
  private let finiteRequirement: String
  let contains: @Sendable (Number) -> Bool
  /// What a value is rounded to before it is used; nil if it is used as it is.
  private var rounded: (@Sendable (Number) -> Number)?

  private init(
    _ description: String, _ requirement: String, finite finiteRequirement: String? = nil,
    contains: @escaping @Sendable (Number) -> Bool
  ) {
    self.description = description
    self.requirement = requirement
    self.finiteRequirement = finiteRequirement ?? requirement
    self.contains = contains
  }

  /// What is wrong with a value; nil if nothing is.
  func problem(with value: Number) -> String? {
    if contains(value) {
      guard let rounded, !contains(rounded(value)) else { return nil }
      return "\(finiteRequirement), also when it is rounded to single precision"
    }
    // NaN alone differs from itself; whatever it is compared with would be blamed in its place.
    guard value == value else { return "must be a number, not nan" }
    return (value as? Double)?.isInfinite == true ? finiteRequirement : requirement
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
    SettingRange("positive", "must be positive", finite: "must be positive and finite") {
      $0 > 0 && $0.isFinite
    }
  }
  /// 0 or more, and finite.
  public static var notNegative: SettingRange {
    SettingRange("0 or more", "must not be negative", finite: "must be 0 or more and finite") {
      $0 >= 0 && $0.isFinite
    }
  }
  /// Any finite number.
  public static var finite: SettingRange { SettingRange("finite", "must be finite") { $0.isFinite } }

  /// The same for a number that is computed with in single precision: what it is rounded to lies in the range too, so that no number of it
  /// becomes 0, infinite or an end that is excluded.
  public var inSinglePrecision: SettingRange {
    var range = self
    range.rounded = { Double(Float($0)) }
    return range
  }
}
