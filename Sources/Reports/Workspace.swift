// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// A statistical model of binned scores in the JSON of HistFactory, as pyhf reads it.
///
/// Each channel has its samples with the statistical error of each bin (`staterror`), the signal is scaled by the parameter
/// of interest `mu`, and a variation is a shape (`histosys`) and a number of events (`normsys`) that share one parameter. The
/// observed data are those that signal and background predict for `mu` = 1, also called Asimov data.
///
/// ```swift
/// let data = try Workspace(channels: evaluation.templates).json()
/// ```
public struct Workspace: Sendable {
  /// The channels, of different names.
  public let channels: [ScoreTemplates]

  /// A workspace of one channel at least.
  public init(channels: [ScoreTemplates]) { self.channels = channels }

  /// The JSON, by the schema 1.0.0 of HistFactory.
  public func json() throws -> Data { try NumbersFile.encode(Content(channels)) }

  /// The parameter of interest.
  fileprivate static let signalStrength = "mu"

  fileprivate struct Content: Encodable {
    struct Channel: Encodable {
      var name: String
      var samples: [Sample]
    }

    struct Sample: Encodable {
      var name: String
      var data: [Double]
      var modifiers: [Modifier]
    }

    enum Modifier: Encodable {
      case factor(String)
      case statistics(String, errors: [Double])
      case shape(String, up: [Double], down: [Double])
      case number(String, up: Double, down: Double)

      private enum CodingKeys: String, CodingKey {
        case name, type, data
      }

      private enum DataKeys: String, CodingKey {
        case hiData = "hi_data"
        case loData = "lo_data"
        case hi, lo
      }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .factor(let name):
          try container.encode(name, forKey: .name)
          try container.encode("normfactor", forKey: .type)
          try container.encodeNil(forKey: .data)
        case .statistics(let name, let errors):
          try container.encode(name, forKey: .name)
          try container.encode("staterror", forKey: .type)
          try container.encode(errors, forKey: .data)
        case .shape(let name, let up, let down):
          try container.encode(name, forKey: .name)
          try container.encode("histosys", forKey: .type)
          var data = container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
          try data.encode(up, forKey: .hiData)
          try data.encode(down, forKey: .loData)
        case .number(let name, let up, let down):
          try container.encode(name, forKey: .name)
          try container.encode("normsys", forKey: .type)
          var data = container.nestedContainer(keyedBy: DataKeys.self, forKey: .data)
          try data.encode(up, forKey: .hi)
          try data.encode(down, forKey: .lo)
        }
      }
    }

    struct Observation: Encodable {
      var name: String
      var data: [Double]
    }

    struct Measurement: Encodable {
      struct Configuration: Encodable {
        var poi: String
        var parameters: [String] = []
      }

      var name: String
      var config: Configuration
    }

    var channels: [Channel]
    var observations: [Observation]
    var measurements = [
      Measurement(name: "canopy", config: Measurement.Configuration(poi: signalStrength))
    ]
    var version = "1.0.0"

    init(_ templates: [ScoreTemplates]) {
      channels = templates.map { channel in
        Channel(
          name: channel.name,
          samples: channel.samples.map { sample in
            let factor = sample.isSignal ? [Modifier.factor(signalStrength)] : []
            return Sample(
              name: sample.name, data: sample.contents,
              modifiers: factor + [.statistics("staterror_\(channel.name)", errors: sample.errors)]
                + sample.variations.flatMap { $0.modifiers(of: sample) })
          })
      }
      observations = templates.map { channel in
        Observation(
          name: channel.name,
          data: channel.samples[0].contents.indices.map { bin in
            channel.samples.reduce(0) { $0 + $1.contents[bin] }
          })
      }
    }
  }
}

extension ScoreTemplates.Variation {
  /// The shape, with the sum of the nominal contents, and the sum over that of these.
  fileprivate func modifiers(of sample: ScoreTemplates.Sample) -> [Workspace.Content.Modifier] {
    let total = sample.contents.reduce(0, +)
    let (above, below) = (up.reduce(0, +) / total, down.reduce(0, +) / total)
    return [
      .shape(name, up: up.map { $0 / above }, down: down.map { $0 / below }),
      .number(name, up: above, down: below),
    ]
  }
}
