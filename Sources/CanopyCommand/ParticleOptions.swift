// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Support

/// Which particles of the events take part.
struct ParticleOptions: ParsableArguments {
  @Option(
    name: .customLong("particles"),
    help: ArgumentHelp(
      "Read only particles that meet CONDITION, such as 'pt > 0.5'; may be given several times.",
      discussion: """
        A condition compares (<, <=, >, >=, ==, !=) one of pt, eta, rapidity, phi, mass, energy, px, py, pz, charge, \
        pdgid or a column of the particles, or abs() of it, with a number, or says which numbers it may be: \
        'abs(eta) < 2.5', 'charge != 0', 'pdgid in 211, -211, 22', 'puppiWeight > 0'. Or it is a formula over a particle: \
        'pt > 1 or charge != 0 and pt > 0.4'.
        """, valueName: "condition"))
  var conditions: [String] = []

  @Flag(help: EventReadingOptions.help("keep-invisible"))
  var keepInvisible = false

  @Option(help: EventReadingOptions.help("invisible", valueName: "identifiers"))
  var invisible: String?

  @Option(help: EventReadingOptions.help("status", valueName: "statuses"))
  var status: String?

  func validate() throws {
    var options = EventReadingOptions()
    options.particles.keepsInvisible = keepInvisible
    try options.checkOptions(given: invisible == nil ? [] : ["invisible"])
    _ = try checkingOptions(selection)
  }

  /// What the options say; nil if none is given.
  private func selection() throws -> ParticleSelection? {
    guard !conditions.isEmpty || keepInvisible || invisible != nil || status != nil else { return nil }
    return try ParticleSelection(
      keepsInvisible: keepInvisible,
      invisible: invisible.map { try InvisibleParticles($0) } ?? InvisibleParticles(),
      statuses: status.map(ParticleSelection.statuses) ?? [1],
      conditions: conditions.map { try ParticleCondition($0) })
  }

  /// What of the selection an input must be able to meet.
  var demands: Set<EventReadingOptions.Demand> {
    Set(
      [
        status.map { _ in .status }, conditions.isEmpty ? nil : .particles, invisible.map { _ in .invisible },
        keepInvisible ? .keepInvisible : nil,
      ].compactMap(\.self))
  }

  /// What the options say, else what `model` was trained with; says on standard error if the two differ.
  func selection(for model: Model?) throws -> ParticleSelection {
    let usual = model?.description.particles ?? ParticleSelection()
    guard let given = try selection() else { return usual }
    if let model, given != usual {
      guard model.folds?.goByParticles != true else {
        throw ValidationError(
          "The model is one of folds, which go by the particles that it was trained on: leave out options that choose "
            + "particles, or train with a data.folds.by that reads columns of events alone.")
      }
      writeToStandardError(
        "canopy: \("the model is for \(usual); as asked, it now reads \(given)".printable)\n")
    }
    return given
  }
}
