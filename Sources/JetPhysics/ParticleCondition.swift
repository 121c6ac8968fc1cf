// SPDX-License-Identifier: GPL-3.0-or-later

import EventData
import Foundation

/// A condition on one quantity of a particle, such as `abs(eta) < 2.5`.
///
/// It is written as a ``NumberCondition``, whose name is one of ``Quantity``'s or that of a column of the particles.
public struct ParticleCondition: Sendable, Equatable {
  /// What is compared.
  public let quantity: Quantity
  /// The name of the quantity, the comparison and the numbers.
  public let condition: NumberCondition

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
    var condition = try NumberCondition(text, on: "particles", examples: "pt, eta, charge or pdgid")
    quantity = Quantity(name: condition.name)
    // A quantity of several names has one when it is written.
    condition.name = quantity.name
    self.condition = condition
  }
}

extension ParticleCondition: CustomStringConvertible {
  /// The condition, as `init(_:)` reads it.
  public var description: String { condition.description }
}

// MARK: - Particles

extension ParticleCondition {
  /// Sets `takesPart` `[particles]` to false for the particles that do not meet the condition.
  ///
  /// - Throws: ``JetPhysicsError`` if the events lack the quantity.
  func narrow(_ takesPart: inout [Bool], in batch: Events) throws {
    switch quantity {
    case .kinematic(let kinematic):
      narrow(&takesPart) { kinematic(batch.momentum(ofParticle: $0)) }
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
      takesPart[particle] = condition.isMet(by: value(particle))
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

extension StringProtocol {
  /// The text without blanks at its ends.
  var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
