// SPDX-License-Identifier: GPL-3.0-or-later

/// A type whose values stand alone: numbers, text and truth values, after YAML 1.2's core schema.
///
/// `yes` and `on` are therefore text, and so is a number in quotation marks.
protocol ConfigurationScalar {
  init(_ node: ConfigurationNode) throws
}

extension String: ConfigurationScalar {
  init(_ node: ConfigurationNode) throws {
    guard case .scalar(let text, _) = node.content, !node.isNull else {
      throw node.error("must be text, not \(node.summary)")
    }
    self = text
  }
}

extension Bool: ConfigurationScalar {
  init(_ node: ConfigurationNode) throws {
    guard case .scalar(let text, isPlain: true) = node.content, let value = Bool(plain: text) else {
      throw node.error("must be true or false, not \(node.summary)")
    }
    self = value
  }

  init?(plain text: String) {
    switch text {
    case "true", "True", "TRUE": self = true
    case "false", "False", "FALSE": self = false
    default: return nil
    }
  }
}

extension Double: ConfigurationScalar {
  init(_ node: ConfigurationNode) throws {
    guard case .scalar(let text, isPlain: true) = node.content, let value = Double(plain: text) else {
      throw node.error("must be a number, not \(node.summary)")
    }
    // No comparison holds for it, so that it would pass each check in some way.
    guard !value.isNaN else { throw node.error("must be a number, not \(node.summary)") }
    // Swift rounds what is beyond the range to infinity.
    if value.isInfinite, text.contains(where: \.isNumber) {
      throw node.error("is beyond the range of a number: \(node.summary)")
    }
    self = value
  }

  init?(plain text: String) {
    switch text {
    case ".inf", "+.inf", ".Inf", "+.Inf", ".INF", "+.INF": self = .infinity
    case "-.inf", "-.Inf", "-.INF": self = -.infinity
    case ".nan", ".NaN", ".NAN": self = .nan
    default:
      if let value = Int(plain: text) {
        self = Double(value)
      } else if text.utf8.allSatisfy("+-.0123456789eE".utf8.contains), let value = Double(text) {
        self = value
      } else {
        return nil
      }
    }
  }
}

extension Float: ConfigurationScalar {
  init(_ node: ConfigurationNode) throws {
    let value = try Double(node)
    self = Float(value)
    if isInfinite, value.isFinite {
      throw node.error("is beyond the range of a number in single precision: \(node.summary)")
    }
  }
}

extension FixedWidthInteger {
  init(_ node: ConfigurationNode) throws {
    guard case .scalar(let text, isPlain: true) = node.content else {
      throw node.error("must be a whole number, not \(node.summary)")
    }
    if let value = Self(plain: text) ?? Int(plain: text).flatMap(Self.init(exactly:)) {
      self = value
    } else if let number = Double(plain: text) {
      // A whole number may be written as 1e6 or 5.0.
      guard number == number.rounded(), number.isFinite else {
        throw node.error("must be a whole number, not \(node.summary)")
      }
      guard let value = Self(exactly: number) else {
        throw node.error("must be a whole number from \(Self.min) to \(Self.max), not \(node.summary)")
      }
      self = value
    } else {
      throw node.error("must be a whole number, not \(node.summary)")
    }
  }

  init?(plain text: String) {
    let magnitude = text.drop { $0 == "+" || $0 == "-" }
    guard text.count - magnitude.count <= 1 else { return nil }
    let sign = text.hasPrefix("-") ? "-" : ""
    if magnitude.hasPrefix("0x") {
      self.init(sign + magnitude.dropFirst(2), radix: 16)
    } else if magnitude.hasPrefix("0o") {
      self.init(sign + magnitude.dropFirst(2), radix: 8)
    } else {
      self.init(sign + magnitude)
    }
  }
}

extension Int: ConfigurationScalar {}
extension Int8: ConfigurationScalar {}
extension Int16: ConfigurationScalar {}
extension Int32: ConfigurationScalar {}
extension Int64: ConfigurationScalar {}
extension UInt: ConfigurationScalar {}
extension UInt8: ConfigurationScalar {}
extension UInt16: ConfigurationScalar {}
extension UInt32: ConfigurationScalar {}
extension UInt64: ConfigurationScalar {}
