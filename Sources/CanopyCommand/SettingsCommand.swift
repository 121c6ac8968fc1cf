// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// `canopy settings`.
struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings",
    abstract: "Prints the settings of a training, of a trigger's menu, and of a detector's card.",
    discussion: """
      Each section has a table in Markdown: key, default, range and meaning. Observables and stages have their \
      plugin's own keys beside 'plugin', heads under 'configuration', decisions of a menu under their names. A head or \
      a decision that does not declare its settings has no table; canopy plugin list has an example of each plugin.

      EXAMPLES:
        canopy settings
        canopy settings jets training
        canopy settings menu
        canopy settings detector
        canopy settings embedding --plugin .build/release/libMyStage.so
      """)

  @Argument(help: "The sections to print (default: all of a training configuration).")
  var sections: [Section] = []

  @OptionGroup
  var plugins: PluginOptions

  /// A section of a training configuration, a menu, or a card.
  enum Section: String, CaseIterable, ExpressibleByArgument {
    case data, jets, observables, cuts, embedding, events, heads, training, scan, menu, detector

    func table(_ plugins: PluginRegistry) -> String {
      switch self {
      case .data: DataSection.tables
      case .jets: JetSettings.table
      case .observables: ObservableSection.tables(plugins)
      case .cuts: ObservableCut.meaning
      case .embedding: StageSection.tables(of: .embedding, plugins) + "\n\n" + plugins.recursiveCells.table
      case .events: StageSection.tables(of: .events, plugins)
      case .heads: HeadSection.tables(plugins)
      case .training: TrainingSection.table
      case .scan: "\(ScanSection.table)\n\nThe keys of a range:\n\n\(ScanRange.table)"
      case .menu: MenuDescription.tables(plugins)
      case .detector: DetectorCard.tables
      }
    }
  }

  func run() throws {
    try reportingFailures {
      let registry = try plugins.registry()
      let chosen = sections.isEmpty ? Section.allCases.filter { $0 != .detector } : sections
      let tables = chosen.map { "## \($0.rawValue)\n\n\($0.table(registry))\n" }
      // Links of the documentation mean nothing in a terminal.
      let text = tables.joined(separator: "\n").replacing(/<doc:([A-Za-z]+)>/) { "page \($0.1)" }
      try writeToStandardOutput(Data(text.utf8))
    }
  }
}
