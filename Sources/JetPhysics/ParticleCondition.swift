// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// A condition on one quantity of a particle, such as `abs(eta) < 2.5`.
///
/// ```
/// condition = quantity comparison number | quantity "in" number { "," number }
/// quantity  = name | "abs(" name ")"
/// comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
/// ```
///
/// A name is one of ``Quantity``'s or that of a column of the particles. Numbers are compared exactly, and a value that
/// is not a number meets no condition.
public struct ParticleCondition: Sendable, Equatable {
  /// What is compared.
  public let quantity: Quantity
  /// Whether the magnitude of the quantity is compared.
  public let isMagnitude: Bool
  /// How it is compared.
  public let comparison: Comparison
  /// What it is compared with: one number, or several after `in`.
  public let numbers: [Double]

  /// How a quantity is compared.
  public enum Comparison: String, Sendable, CaseIterable {
    /// The quantity is smaller than the number.
    case less = "<"
    /// The quantity is the number or smaller.
    case lessOrEqual = "<="
    /// The quantity is larger than the number.
    case greater = ">"
    /// The quantity is the number or larger.
    case greaterOrEqual = ">="
    /// The quantity is the number.
    case equal = "=="
    /// The quantity is another number.
    case notEqual = "!="
    /// The quantity is one of the numbers.
    case oneOf = "in"
  }

  /// A quantity of a particle.
  public enum Quantity: Sendable, Equatable {
    /// Something that follows from the four-momentum.
    case kinematic(Kinematic)
    /// The electric charge in units of the positron's: the column `charge` if there is one, else by identifier.
    case charge
    /// The Particle Data Group identifier.
    case identifier
    /// A column of the particles.
    case column(String)

    /// What follows from the four-momentum, in GeV.
    public enum Kinematic: String, Sendable, CaseIterable {
      /// Transverse momentum.
      case pt
      /// Pseudorapidity.
      case eta
      /// Rapidity.
      case rapidity
      /// Azimuth in [0, 2π).
      case phi
      /// Mass; a negative squared mass gives a negative mass.
      case mass
      /// Energy.
      case energy
      /// The momentum along x.
      case px
      /// The momentum along y.
      case py
      /// The momentum along the beam.
      case pz
    }

    /// The quantity of a name; a name that is none of a quantity's is a column's.
    init(name: String) {
      switch name {
      case "charge": self = .charge
      case "pdgid": self = .identifier
      case "E": self = .kinematic(.energy)
      default: self = Kinematic(rawValue: name).map { .kinematic($0) } ?? .column(name)
      }
    }

    /// The name in a condition.
    public var name: String {
      switch self {
      case .kinematic(let kinematic): kinematic.rawValue
      case .charge: "charge"
      case .identifier: "pdgid"
      case .column(let name): name
      }
    }

    /// The column of the particles that the quantity is read from, if there is such a column.
    var column: String? {
      switch self {
      case .charge: "charge"
      case .column(let name): name
      case .kinematic, .identifier: nil
      }
    }
  }
}

// MARK: - Text

extension ParticleCondition {
  /// Reads a condition.
  ///
  /// - Throws: ``JetPhysicsError`` that shows where the text is no condition.
  public init(_ text: String) throws {
    var parser = Parser(text)
    let name = try parser.quantity()
    let comparison = try parser.comparison()
    let numbers = try comparison == .oneOf ? parser.numbers() : [parser.number()]
    try parser.end()
    quantity = Quantity(name: name.name)
    isMagnitude = name.isMagnitude
    self.comparison = comparison
    self.numbers = numbers
  }

  /// Reads the parts of a condition, one after the other.
  private struct Parser {
    private let text: [Character]
    private var place = 0

    init(_ text: String) { self.text = Array(text) }

    mutating func quantity() throws -> (name: String, isMagnitude: Bool) {
      let name = try name()
      guard name == "abs", take("(") else { return (name, false) }
      let inner = try self.name()
      guard take(")") else { throw problem("\")\" is missing") }
      return (inner, true)
    }

    private mutating func name() throws -> String {
      skipSpace()
      let start = place
      while place < text.count, isPartOfName(text[place], isFirst: place == start) { place += 1 }
      guard place > start else {
        throw problem("the name of a quantity is missing, such as pt, eta, charge or pdgid")
      }
      return String(text[start..<place])
    }

    private func isPartOfName(_ character: Character, isFirst: Bool) -> Bool {
      character.isLetter || character == "_" || !isFirst && (character.isNumber || "./:-".contains(character))
    }

    mutating func comparison() throws -> Comparison {
      // The longer ones first, so that "<=" is not read as "<".
      for comparison in Comparison.allCases.sorted(by: { $0.rawValue.count > $1.rawValue.count })
      where take(comparison.rawValue) {
        return comparison
      }
      throw problem("a comparison is missing: one of <, <=, >, >=, ==, != and in")
    }

    mutating func numbers() throws -> [Double] {
      var numbers = [try number()]
      while take(",") { numbers.append(try number()) }
      return numbers
    }

    mutating func number() throws -> Double {
      skipSpace()
      let start = place
      while place < text.count, text[place].isASCII, isPartOfNumber(text[place]) { place += 1 }
      guard let number = Double(String(text[start..<place])), number.isFinite else {
        place = start
        throw problem("a number is missing")
      }
      return number
    }

    private func isPartOfNumber(_ character: Character) -> Bool {
      character.isNumber || "+-.eE".contains(character)
    }

    mutating func end() throws {
      skipSpace()
      guard place == text.count else {
        throw problem("the condition goes on after its end; give each condition by itself")
      }
    }

    /// Passes over `token` if it comes next.
    private mutating func take(_ token: String) -> Bool {
      skipSpace()
      guard text[place...].starts(with: token) else { return false }
      place += token.count
      return true
    }

    private mutating func skipSpace() {
      while place < text.count, text[place].isWhitespace { place += 1 }
    }

    private func problem(_ problem: String) -> JetPhysicsError {
      JetPhysicsError(
        field: "particles",
        problem: "The condition \"\(String(text))\" on particles cannot be read at character \(place + 1): "
          + "\(problem).")
    }
  }
}

extension ParticleCondition: CustomStringConvertible {
  /// The condition, as `init(_:)` reads it.
  public var description: String {
    let name = isMagnitude ? "abs(\(quantity.name))" : quantity.name
    return "\(name) \(comparison.rawValue) \(numbers.map(Self.text).joined(separator: ", "))"
  }

  private static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? String(number)
  }
}

// MARK: - Particles

extension ParticleCondition {
  /// Makes false in `takesPart` `[particles]` what does not meet the condition.
  ///
  /// - Throws: ``JetPhysicsError`` if the events lack the quantity.
  func narrow(_ takesPart: inout [Bool], in batch: Events) throws {
    switch quantity {
    case .kinematic(let kinematic):
      narrow(&takesPart) { kinematic.value(of: batch.momentum(ofParticle: $0)) }
    case .identifier:
      guard batch.hasIdentifiers else { throw lack("the particles have no identifiers") }
      narrow(&takesPart) { Double(batch.pdgID[$0]) }
    case .charge where batch.particles.content.columns["charge"] == nil:
      guard batch.hasIdentifiers else {
        throw lack(
          batch.unreadableColumns["particle/charge"]
            ?? "the particles have neither identifiers nor a column charge")
      }
      narrow(&takesPart) { ParticleCharge.ofParticle(batch.pdgID[$0]) ?? .nan }
    case .charge, .column:
      let name = quantity.name
      guard let column = batch.particles.content.columns[name], column.width == 1 else {
        throw lack(batch.unreadableColumns["particle/\(name)"] ?? "the particles have no column of this name")
      }
      narrow(&takesPart) { column.values[$0] }
    }
  }

  private func narrow(_ takesPart: inout [Bool], by value: (Int) -> Double) {
    for particle in takesPart.indices where takesPart[particle] {
      let value = value(particle)
      takesPart[particle] = isMet(by: isMagnitude ? abs(value) : value)
    }
  }

  private func isMet(by value: Double) -> Bool {
    switch comparison {
    case .less: value < numbers[0]
    case .lessOrEqual: value <= numbers[0]
    case .greater: value > numbers[0]
    case .greaterOrEqual: value >= numbers[0]
    case .equal: value == numbers[0]
    case .notEqual: value != numbers[0] && !value.isNaN
    case .oneOf: numbers.contains(value)
    }
  }

  private func lack(_ reason: String) -> JetPhysicsError {
    JetPhysicsError(
      field: quantity.name,
      problem: "The condition \"\(self)\" on particles cannot be met: \(reason); leave the condition out.")
  }
}

extension Events {
  /// Whether the particles have identifiers, if there are particles.
  fileprivate var hasIdentifiers: Bool { pdgID.count == particleCount }
}

extension ParticleCondition.Quantity.Kinematic {
  fileprivate func value(of momentum: FourMomentum) -> Double {
    switch self {
    case .pt: momentum.pt
    case .eta: momentum.pseudorapidity
    case .rapidity: momentum.rapidity
    case .phi: momentum.phi
    case .mass: momentum.mass
    case .energy: momentum.energy
    case .px: momentum.px
    case .py: momentum.py
    case .pz: momentum.pz
    }
  }
}

extension StringProtocol {
  /// The text without blanks at its ends.
  var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
