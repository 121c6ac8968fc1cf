// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Formulas
import Foundation

/// A condition on a particle, such as `abs(eta) < 2.5` or `pt > 1 or charge != 0 and pt > 0.4`.
///
/// It is a ``NumberCondition``, whose name is one of ``Quantity``'s or that of a column of the particles, or a formula over a particle by itself.
/// What the formula reads and is missing meets no comparison.
public struct ParticleCondition: Sendable, Equatable {
  /// What is compared; nil if the condition is a formula.
  public let quantity: Quantity?
  /// The name of the quantity, the comparison and the numbers; nil if the condition is a formula.
  public let condition: NumberCondition?
  /// The formula; nil if the condition compares one quantity.
  public let formula: Formula?

  /// A quantity of a particle.
  public enum Quantity: Sendable, Equatable {
    /// Something that follows from the four-momentum.
    case kinematic(MomentumQuantity)
    /// The electric charge in units of the positron's: the column `charge` if there is one, else by identifier.
    case charge
    /// The Particle Data Group identifier.
    case identifier
    /// A column of the particles.
    case column(String)

    /// The quantity of a name; a name that belongs to no quantity is that of a column.
    init(name: String) {
      switch name {
      case "charge": self = .charge
      case "pdgid": self = .identifier
      case "E": self = .kinematic(.energy)
      default: self = MomentumQuantity(rawValue: name).map { .kinematic($0) } ?? .column(name)
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
  /// - Throws: ``JetPhysicsError`` that shows where the text stops being a condition.
  public init(_ text: String) throws {
    do {
      let given = try NumberConditionOrFormula(
        text, on: "particles", examples: "pt, eta, charge or pdgid",
        isNumber: { !$0.name.hasPrefix(FormulaRows.particle.rawValue + ".") })
      switch given {
      case .number(var condition):
        let quantity = Quantity(name: condition.name)
        // A quantity of several names has one when it is written.
        condition.name = quantity.name
        (self.quantity, self.condition, formula) = (quantity, condition, nil)
      case .formula(let formula):
        if try formula.check(for: .particle, isCondition: true).readsOtherRows {
          throw JetPhysicsError(
            field: "particles", problem: "The condition \"\(formula)\" on particles \(Self.severalParticles)."
          )
        }
        (quantity, condition, self.formula) = (nil, nil, formula)
      }
    } catch let error as FormulaError {
      throw JetPhysicsError(field: "particles", problem: "The condition \(error).")
    }
  }
}

extension ParticleCondition: CustomStringConvertible {
  /// The condition, as `init(_:)` reads it.
  public var description: String { condition?.description ?? formula!.description }
}

// MARK: - Particles

extension ParticleCondition {
  /// Sets `takesPart` `[particles]` to false for the particles that do not meet the condition.
  ///
  /// - Throws: ``JetPhysicsError`` if the events lack the quantity.
  func narrow(_ takesPart: inout [Bool], in batch: Events) throws {
    guard let quantity, let condition else { return try narrow(&takesPart, by: formula!, in: batch) }
    func compare(_ takesPart: inout [Bool], by value: (Int) -> Double) {
      for particle in takesPart.indices where takesPart[particle] {
        takesPart[particle] = condition.isMet(by: value(particle))
      }
    }
    switch quantity {
    case .kinematic(let kinematic):
      compare(&takesPart) { kinematic(batch.momentum(ofParticle: $0)) }
    case .identifier:
      guard batch.hasIdentifiers else { throw lack("the particles have no identifiers") }
      compare(&takesPart) { Double(batch.pdgID[$0]) }
    case .charge where batch.particles.content.columns["charge"] == nil:
      guard batch.hasIdentifiers else {
        throw lack(
          batch.unreadableColumns["particle/charge"]
            ?? "the particles have neither identifiers nor a column charge")
      }
      compare(&takesPart) { ParticleCharge.ofParticle(batch.pdgID[$0]) ?? .nan }
    case .charge, .column:
      let name = quantity.name
      guard let column = batch.particles.content.columns[name], column.width == 1 else {
        throw lack(batch.unreadableColumns["particle/\(name)"] ?? "the particles have no column of this name")
      }
      compare(&takesPart) { column.values[$0] }
    }
  }

  private func narrow(_ takesPart: inout [Bool], by formula: Formula, in batch: Events) throws {
    let compiled: CompiledFormula
    do {
      compiled = try CompiledFormula(condition: formula, for: .particle, in: batch)
    } catch {
      let unreadable = columns.compactMap { batch.unreadableColumns["particle/\($0)"] }.first
      throw lack(unreadable ?? "\(error.problem) (character \(error.character))")
    }
    var evaluator = FormulaEvaluator(compiled)
    evaluator.evaluate(batch)
    for particle in takesPart.indices where evaluator.values[particle] == 0 { takesPart[particle] = false }
  }

  /// The columns of particles that the condition reads, if there are such columns.
  var columns: [String] {
    guard let formula else { return [quantity?.column].compactMap(\.self) }
    return formula.columns(of: .event).union(formula.columns(of: .particle))
      .filter {
        MomentumQuantity(rawValue: $0) == nil && $0 != Quantity.identifier.name
          && !$0.hasPrefix(FormulaRows.particle.rawValue + ".")
      }.sorted()
  }

  private static let severalParticles =
    "puts several particles together, as sum and largest do, and is on each by itself; leave it out"

  private func lack(_ reason: String) -> JetPhysicsError {
    JetPhysicsError(
      field: quantity?.name ?? "particles",
      problem: "The condition \"\(self)\" on particles cannot be met: \(reason); leave the condition out.")
  }
}

extension Events {
  /// Whether the particles have identifiers, if there are particles.
  fileprivate var hasIdentifiers: Bool { pdgID.count == particleCount }
}

extension StringProtocol {
  /// The text without blanks at its ends.
  var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
