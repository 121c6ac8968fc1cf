// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Decorrelation
import Foundation
import Testing

/// The tables of the page on training configurations are those of the settings as they are declared.
@Suite struct SettingsTableTests {
  static let tables = [
    ("data", DataSection.table), ("jets", JetSettings.table),
    ("observables", ObservableSection.tables(.builtIn)),
    ("embedding", StageSection.tables(of: .embedding, .builtIn)),
    ("events", StageSection.tables(of: .events, .builtIn)),
    ("heads", HeadSection.tables(.builtIn)), ("cuts", ObservableCut.meaning),
    ("training", TrainingSection.table),
    ("scan", ScanSection.table), ("scan", ScanRange.table),
  ]

  @Test(arguments: tables) func theDocumentationHasTheTable(section: String, table: String) throws {
    try check("TrainingSettings.md", section, table)
  }

  @Test func thePageOnMenusHasTheTables() throws {
    try check("MenusOfTriggers.md", "menu", MenuDescription.tables(.builtIn))
  }

  static let tablesOfSamples = [
    ("inputs", InputSample.table), ("folds", EventFolds.table), ("reweight", ReweightingSection.table),
  ]

  @Test(arguments: tablesOfSamples) func thePageOnSamplesHasTheTable(section: String, table: String) throws {
    try check("Samples.md", section, table)
  }

  @Test func thePageOnTruthPerJetHasTheTable() throws {
    try check("TruthPerJet.md", "jet-truth", JetMatching.table)
  }

  @Test func thePageOnDetectorsHasTheTables() throws {
    try check("DesigningADetector.md", "detector", DetectorCard.tables)
  }

  @Test func thePageOnDecorrelationHasTheTables() throws {
    try check("DecorrelatingATagger.md", "configuration", DecorrelationSettings.tables)
  }

  private func check(_ name: String, _ section: String, _ table: String) throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Sources/Canopy/Canopy.docc/\(name)")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(
      text.contains("\n\(table)"), "The section \(section) of \(name) needs this table:\n\(table)")
  }

  /// The page on observables lists every number of those that are built in.
  @Test(arguments: PluginRegistry.builtIn.observableIdentifiers)
  func theDocumentationHasTheNumbers(identifier: String) throws {
    func quantities<O: Observable>(_ type: O.Type) throws -> [ObservableQuantity] {
      try O(configuration: O.example).quantities
    }
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../Sources/Canopy/Canopy.docc/Observables.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text.contains("\n| `\(identifier)` | "))
    for quantity in try quantities(PluginRegistry.builtIn.observable(identifier)) {
      let meaning = quantity.meaning.replacing("|", with: "\\|")
      let row = "| `\(quantity.name)` | \(quantity.unit ?? "") | \(meaning) |"
      #expect(text.contains(row), "Observables.md needs this row of \(identifier):\n\(row)")
    }
  }
}
