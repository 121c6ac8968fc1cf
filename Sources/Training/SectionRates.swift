// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import NeuralEngine
import Settings
import Support

/// The shares of the learning rate that the sections of a network have: `embedding`, `events`, `heads`, `heads.NAME`.
///
/// A section of the share 0 is frozen. What no share is given of has 1, and the share of a head takes the place of that of all
/// heads.
public struct SectionRates: Sendable, Equatable, Codable {
  /// The shares by the keys of the sections.
  public private(set) var shares: [String: Double] = [:]

  /// The share 1 of all.
  public init() {}

  /// Reads a mapping of sections, and of heads, to shares.
  ///
  /// - Throws: `ConfigurationError` that names the key of a share that is no number or is negative.
  public init(from decoder: any Decoder) throws {
    func read(_ node: ConfigurationNode, under path: String) throws {
      guard node.isMapping || path.isEmpty else {
        let share = try node.decode(Double.self)
        guard share >= 0, Float(share).isFinite, (Float(share) > 0) == (share > 0) else {
          throw node.error("must be a finite number, 0 or more, which single precision does not round to 0")
        }
        shares[path] = share
        return
      }
      for entry in try node.decode(OrderedMapping<ConfigurationNode>.self) {
        try read(entry.value, under: path.isEmpty ? entry.key : "\(path).\(entry.key)")
      }
    }
    try read(ConfigurationNode(from: decoder), under: "")
  }

  /// Writes the shares by the keys of their sections.
  public func encode(to encoder: any Encoder) throws { try shares.encode(to: encoder) }

  /// The same, with another section frozen.
  ///
  /// - Throws: ``TrainingError`` if the section has a share that is not 0.
  func freezing(_ section: String) throws -> SectionRates {
    guard shares[section, default: 0] == 0 else {
      throw TrainingError(
        "training.rates.\(section) is \(shares[section]!.text), but \(section).frozen leaves the section as it is; "
          + "leave one of the two out.")
    }
    var rates = self
    rates.shares[section] = 0
    return rates
  }

  /// Makes sure that the network has the sections.
  ///
  /// - Throws: ``TrainingError`` that names one that it does not have, and those that it has.
  package func check(_ network: Network) throws {
    let known =
      network.stages.map(\.place.rawValue) + ["heads"] + network.heads.map { "heads.\($0.name)" }
    guard let unknown = shares.keys.sorted().first(where: { !known.contains($0) }) else { return }
    let advice = unknown.nearest(among: known).map { "; did you mean \($0)?" } ?? "."
    throw TrainingError(
      "training.rates names \(unknown), but the network has \(known.joined(separator: ", "))\(advice)")
  }

  /// The shares of the parameters of a network that are not 1.
  func shares(in network: Network) -> [ParameterID: Float] {
    var result: [ParameterID: Float] = [:]
    func give(_ share: Double?, to parameters: [ParameterID]) {
      guard let share else { return }
      for id in parameters { result[id] = Float(share) }
    }
    for stage in network.stages { give(shares[stage.place.rawValue], to: stage.parameters) }
    for named in network.heads {
      give(shares["heads.\(named.name)"] ?? shares["heads"], to: network.parameters(ofHead: named.name))
    }
    return result
  }
}

extension Network {
  /// The parameters of a head, whose names begin with `heads.NAME.`.
  package func parameters(ofHead name: String) -> [ParameterID] {
    func isPrefix(_ head: String, of parameter: String) -> Bool { parameter.hasPrefix("heads.\(head).") }
    // The name of another head may begin with this one and a dot.
    let others = heads.map(\.name).filter { $0.count > name.count }
    return layout.ids.filter { id in
      let parameter = layout[id].name
      return isPrefix(name, of: parameter) && !others.contains { isPrefix($0, of: parameter) }
    }
  }
}
