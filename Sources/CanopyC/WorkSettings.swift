// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import Settings
import Support

/// What a finder and a model give of jets, and on how many threads.
struct WorkSettings: SettingsSection {
  var constituents = false
  var trees = false
  var threads = 1

  static let settings: [Setting<WorkSettings>] = [
    Setting("constituents", \.constituents, "whether the constituents of each jet are given"),
    Setting("trees", \.trees, "whether the tree of each jet is given"),
    Setting("threads", \.threads, .closed(1...1024), "how many threads a call may use"),
  ]
}

/// The settings of `canopy_finder_open`.
struct FinderSettings: Decodable {
  let jets: JetSettings
  let weighting: WeightingSettings
  let work: WorkSettings
  let observables: [ObservableChoice]
  let cuts: [ObservableCut]

  private struct Sections: Decodable {
    var observables: OrderedMapping<ObservableSection>?
    var cuts: [ObservableCut]?
  }

  init(from decoder: any Decoder) throws {
    jets = try JetSettings(from: decoder)
    weighting = try WeightingSettings(from: decoder)
    work = try WorkSettings(from: decoder)
    let sections = try Sections(from: decoder)
    observables = sections.observables?.map(\.value.choice) ?? []
    cuts = sections.cuts ?? []
  }
}

/// The settings of `canopy_model_open`.
struct ModelSettings: Decodable {
  let weighting: WeightingSettings
  let work: WorkSettings
  let outputs: Outputs
  let observables: [ObservableChoice]
  let conditions: [(name: String, value: Double)]

  struct Outputs: SettingsSection {
    var heads = true
    var embeddings = false

    static let settings: [Setting<Outputs>] = [
      Setting("heads", \.heads, "whether the heads predict"),
      Setting("embeddings", \.embeddings, "whether the embeddings of jets and of events are given"),
    ]
  }

  private struct Sections: Decodable {
    var observables: OrderedMapping<ObservableSection>?
    var conditions: OrderedMapping<Double>?
  }

  init(from decoder: any Decoder) throws {
    weighting = try WeightingSettings(from: decoder)
    work = try WorkSettings(from: decoder)
    outputs = try Outputs(from: decoder)
    let sections = try Sections(from: decoder)
    observables = sections.observables?.map(\.value.choice) ?? []
    conditions = sections.conditions?.map { ($0.key, $0.value) } ?? []
  }
}

extension WeightingSettings {
  /// What the momenta of particles are multiplied by.
  ///
  /// - Throws: ``CallError`` if there is nothing of the name, `ModelError` if a model cannot be read or has no weights.
  func found(
    _ observables: [ObservableChoice], _ plugins: PluginRegistry, for model: Model? = nil
  ) throws -> AppliedWeighting? {
    do {
      return try choice(observables, plugins, for: model)
    } catch let error as PluginError {
      throw CallError("apply is \(apply ?? ""): \(error)")
    }
  }
}

extension Decodable {
  /// Reads settings of a call; null and text without anything are no settings.
  ///
  /// - Throws: ``CallError`` that names line, column and key.
  init(settings text: UnsafePointer<CChar>?, plugins: PluginRegistry) throws {
    let text = text.map { String(cString: $0) } ?? ""
    do {
      let node = try ConfigurationNode(
        yaml: text.allSatisfy(\.isWhitespace) ? "{}" : text, source: "settings")
      self = try node.decode(Self.self, userInfo: [.plugins: plugins]) { _ in [] }
    } catch let error as ConfigurationError {
      throw CallError("\(error)")
    }
  }
}
