// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import JetPhysics

/// Which four numbers a file has of each momentum: what they are called, what may be wrong with them, and the momentum that
/// they stand for.
///
/// A reader gathers the numbers of an event, `[4][particles]`, and hands them on at once:
///
/// ```swift
/// let layout = MomentumLayout.cylindricalMass
/// let components = [[45.2], [0.3], [1.2], [5.1]]
/// var events = Events(source: "events.txt")
/// if let (component, problem) = layout.problem(in: components, 0..<1) {
///   print(layout.names[component], problem)
/// } else {
///   events.append(components, 0..<1, layout)
///   events.finishEvent(number: 0)
/// }
/// ```
public enum MomentumLayout: CaseIterable, Sendable {
  /// px, py, pz, mass.
  case cartesianMass
  /// pT, η, φ, mass.
  case cylindricalMass
  /// px, py, pz, E.
  case cartesian
  /// pT, η, φ, E.
  case cylindrical

  /// What the numbers are called in files, in their order.
  public var names: [String] {
    switch self {
    case .cartesianMass: ["px", "py", "pz", "mass"]
    case .cylindricalMass: ["pt", "eta", "phi", "mass"]
    case .cartesian: ["px", "py", "pz", "E"]
    case .cylindrical: ["pt", "eta", "phi", "E"]
    }
  }

  /// Whether each of the numbers is in the unit of momenta.
  public var areMomenta: [Bool] { isCylindrical ? [true, false, false, true] : [true, true, true, true] }

  private var isCylindrical: Bool { self == .cylindrical || self == .cylindricalMass }

  /// The layout of those that are there which keeps the most digits: that of the widest numbers, and among these one
  /// with masses, as a light particle's mass is lost between energy and momentum.
  ///
  /// - Parameter bits: how many bits the numbers of a name have; nil if the file does not have them.
  /// - Returns: the layout; nil if there is none.
  public static func best(_ bits: (String) -> Int?) -> MomentumLayout? {
    func width(_ layout: MomentumLayout) -> Int? {
      let widths = layout.names.map(bits)
      return widths.contains(nil) ? nil : widths.compactMap { $0 }.min()
    }
    let widest = allCases.compactMap(width).max()
    return widest.flatMap { widest in allCases.first { width($0) == widest } }
  }

  /// The first thing wrong with the particles in `range` of `components` `[4][particles]`, or nil: which of the four
  /// numbers, and the end of a sentence about it.
  public func problem(in components: [[Double]], _ range: Range<Int>) -> (component: Int, problem: String)? {
    for (index, values) in components.enumerated() {
      if let particle = Events.firstUnusable(in: values, range) {
        return (index, Events.problem(ofValue: values[particle], particle: particle - range.lowerBound))
      }
    }
    // Energies and transverse momenta are not negative.
    for index in isCylindrical ? (self == .cylindrical ? [0, 3] : [0]) : self == .cartesian ? [3] : [] {
      if let particle = range.first(where: { components[index][$0] < 0 }) {
        return (index, Events.negativeProblem(particle: particle - range.lowerBound))
      }
    }
    if isCylindrical,
      let particle = range.first(where: { abs(components[1][$0]) > Events.maximumPseudorapidity })
    {
      return (
        1,
        "is too large (\(components[1][particle])) for particle \(particle - range.lowerBound), at most "
          + "\(Events.maximumPseudorapidity) is read; correct or leave out this particle"
      )
    }
    guard self != .cartesian, !isModerate(components, range) else { return nil }
    // What is written may be small enough though what follows from it is not.
    let particle = range.first { particle in
      let momentum = momentum(
        components[0][particle], components[1][particle], components[2][particle], components[3][particle])
      let numbers = [momentum.px, momentum.py, momentum.pz, momentum.energy]
      return Events.firstUnusable(in: numbers, 0..<4) != nil
    }
    return particle.map { particle in
      let index = isCylindrical ? 1 : 0
      return (
        index,
        "is too large (\(components[index][particle])) for particle \(particle - range.lowerBound); "
          + "correct or leave out this particle"
      )
    }
  }

  /// Whether all of `components[…][range]` are so small that what follows from them is small enough too.
  private func isModerate(_ components: [[Double]], _ range: Range<Int>) -> Bool {
    zip(components.indices, components).allSatisfy { index, values in
      let largest = isCylindrical && index == 1 ? 20 : 1e40
      return values.withUnsafeBufferPointer { values in
        // Without a branch the compiler can do several values at once.
        var isModerate = true
        for particle in range { isModerate = isModerate && abs(values[particle]) <= largest }
        return isModerate
      }
    }
  }

  /// The momentum that the four numbers stand for, in GeV.
  ///
  /// A negative mass stands for a negative squared mass, as FastJet's `m()` has it.
  @inline(__always)
  public func momentum(
    _ first: Double, _ second: Double, _ third: Double, _ fourth: Double
  ) -> FourMomentum {
    let (px, py, pz) =
      isCylindrical ? (first * cos(third), first * sin(third), first * sinh(second)) : (first, second, third)
    if self == .cartesian || self == .cylindrical {
      return FourMomentum(px: px, py: py, pz: pz, energy: fourth)
    }
    let squaredMomentum = isCylindrical ? first * first + pz * pz : px * px + py * py + pz * pz
    return FourMomentum(
      px: px, py: py, pz: pz, energy: max(squaredMomentum + fourth * abs(fourth), 0).squareRoot())
  }
}

extension Events {
  /// Adds particles `range` of `components` `[4][particles]`, in GeV, to the event that is being filled.
  ///
  /// What ``MomentumLayout/problem(in:_:)`` finds wrong must not be among them.
  public mutating func append(_ components: [[Double]], _ range: Range<Int>, _ layout: MomentumLayout) {
    if layout == .cartesian {
      momenta.px.append(contentsOf: components[0][range])
      momenta.py.append(contentsOf: components[1][range])
      momenta.pz.append(contentsOf: components[2][range])
      momenta.energy.append(contentsOf: components[3][range])
      return
    }
    momenta.reserveCapacity(particleCount + range.count)
    for particle in range {
      let momentum = layout.momentum(
        components[0][particle], components[1][particle], components[2][particle], components[3][particle])
      momenta.append(momentum)
    }
  }
}
