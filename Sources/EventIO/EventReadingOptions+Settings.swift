// SPDX-License-Identifier: GPL-3.0-or-later

import Detector
import EventData
import Formulas
import JetPhysics
import Settings

/// What training configurations and the command line alike say of reading.
extension EventReadingOptions: SettingsSection {
  /// All visible particles of every event; a bad event is an error.
  public init() { self.init(particles: ParticleSelection()) }

  /// The settings, in the order of tables.
  public static let settings: [Setting<EventReadingOptions>] = [
    Setting("skip-events", \.skipEvents, .notNegative, "pass over this many events at the beginning"),
    Setting(
      "max-events", \.maximumEvents, .positive, "read at most this many events, after those passed over",
      default: "all"),
    Setting(
      "skip-bad-events", \.skipBadEvents,
      "leave bad events out and report them, rather than stop at the first"),
    Setting(
      "define", \.definitions,
      from: { (formulas: OrderedMapping<Formula>) in formulas.map { ColumnDefinition($0.key, $0.value) } },
      "a mapping from names to formulas: new columns of the events, such as `{ht: sum(jet.pt)}` (<doc:Formulas>)",
      default: "none", range: "formulas"),
    Setting(
      "where", \.selection, from: { (written: EventSelection) in written.formulas },
      "what events must meet to take part: a formula such as `ht > 500 and number % 5 != 3`, a list of formulas, or a "
        + "mapping from columns to values (<doc:Formulas>)",
      default: "none", range: "conditions"),
    Setting(
      "particles", \.particles.conditions,
      from: { (texts: [String]) in try texts.map { try ParticleCondition($0) } },
      "a list of conditions that particles must meet to take part, such as `[pt > 0.5, charge != 0]`, or formulas over a particle (<doc:Files>); "
        + "a model keeps it",
      default: "all", range: "conditions"),
    Setting(
      "keep-invisible", \.particles.keepsInvisible, "let neutrinos and other invisible particles take part"),
    Setting(
      "invisible", \.particles.invisible, from: { (text: String) in try InvisibleParticles(text) },
      "the identifiers of invisible particles and their antiparticles, as in `12,14,16`, or `default,5000012` to add to "
        + "Canopy's own",
      default: "`default`", range: "identifiers"),
    Setting(
      "status", \.particles.statuses, from: { (text: String) in try ParticleSelection.statuses(text) },
      "the statuses of particles of HepMC and Les Houches events that take part, as in `1,2`", default: "1",
      range: "numbers"),
    Setting(
      "detector", \.detector,
      from: { (written: ConfigurationNode) in try Detector(written) },
      "the detector that measures the events: a card by its file or the name that `canopy detector --card` takes, or a mapping with that as "
        + "`card` and settings over it, such as `{card: cms, ecal: {cell-scale: 2}}` (<doc:DesigningADetector>)",
      default: "none", range: "a card"),
    Setting(
      "units", \.units, "the unit of momenta, energies and masses in files that do not state theirs",
      default: "GeV"),
    Setting(
      "format", \.format, "the format of the files, built in or of a plugin",
      default: "told from their content"),
    Setting(
      "max-memory", \.limits,
      from: { (mebibytes: Int) in try ReadingLimits(mebibytes: mebibytes) },
      "the memory in MiB that reading may take", default: "1024", range: "1 or more"),
  ]

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    if particles.keepsInvisible, given.contains("invisible") {
      throw SettingProblem("invisible", "means nothing with keep-invisible; leave one out")
    }
  }
}

/// What is written of the events that take part: a formula, several, or the values of columns.
private struct EventSelection: Decodable, SendableMetatype {
  let formulas: [Formula]

  init(from decoder: any Decoder) throws {
    // What is written is one of the three, and an error is to be told of the one that it is.
    if (try? decoder.unkeyedContainer()) != nil {
      formulas = try [Formula](from: decoder)
    } else if (try? decoder.singleValueContainer().decode(String.self)) != nil {
      formulas = [try Formula(from: decoder)]
    } else {
      formulas = try OrderedMapping<ColumnValue>(from: decoder).map {
        switch $0.value {
        case .number(let number): Formula(column: $0.key, isEqualTo: number)
        case .text(let text): Formula(column: $0.key, isEqualTo: text)
        }
      }
    }
  }
}
