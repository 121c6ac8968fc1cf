// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Foundation

/// A training configuration, up to its network.
struct ConfigurationTarget: FuzzTarget {
  private let file: URL

  init(_ fixtures: Fixtures) throws { file = fixtures.scratch.appendingPathComponent("configuration.yaml") }

  func read(_ input: Data) throws {
    try input.write(to: file)
    try makeNetwork(TrainingConfiguration(contentsOf: file, plugins: .builtIn))
  }
}

/// A value given by `--set` over those of a training configuration.
struct SettingsTarget: FuzzTarget {
  private let configuration: URL

  init(_ fixtures: Fixtures) throws { configuration = fixtures.configuration }

  func read(_ input: Data) throws {
    let setting = String(decoding: input, as: UTF8.self)
    try makeNetwork(TrainingConfiguration(contentsOf: configuration, settings: [setting], plugins: .builtIn))
  }
}

private func makeNetwork(_ configuration: TrainingConfiguration) throws {
  _ = try Network(
    embedding: configuration.embedding?.choice, events: configuration.events?.choice,
    heads: configuration.heads.map {
      ($0.key, try PluginRegistry.builtIn.head($0.value.plugin), $0.value.configuration)
    }, observables: ObservableCatalogue(configuration.observables, plugins: .builtIn),
    cuts: configuration.cuts)
}

/// A menu of triggers, with and without thresholds to tune.
struct MenuTarget: FuzzTarget {
  private let file: URL
  private let sources: DecisionSources

  init(_ fixtures: Fixtures) throws {
    file = fixtures.scratch.appendingPathComponent("menu.yaml")
    sources = DecisionSources(try Model(contentsOf: fixtures.model, plugins: .builtIn))
  }

  func read(_ input: Data) throws {
    try input.write(to: file)
    let menu = try MenuFile(contentsOf: file)
    _ = try? menu.menu(sources: sources, plugins: .builtIn)
    let tuned = try menu.menu(sources: sources, plugins: .builtIn, isForTuning: true)
    _ = try menu.text(of: tuned, tuned: tuned.thresholds.map { _ in 0.5 })
  }
}
