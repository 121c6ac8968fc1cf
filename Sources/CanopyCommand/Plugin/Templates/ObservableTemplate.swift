// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of an observable of jets.
struct ObservableTemplate: PluginKindTemplate {
  static let kind = "observable"
  static let meaning = "named numbers of jets for results, cuts, menus and node features"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  var source: String {
    """
    import Foundation
    import PluginKit

    /// How a jet's transverse momentum is spread around its axis, and over its constituents.
    public struct \(names.name): Observable {
      /// What stands beside `plugin` in YAML.
      public struct Configuration: Codable, Sendable {
        /// The power of the distance; 1 unless given.
        public var power: Double?

        public init(power: Double? = nil) { self.power = power }
      }

      public static let identifier = "\(names.identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "The width of a jet, and how evenly its constituents share its momentum."
      public static let example = Configuration(power: 1)

      public let configuration: Configuration
      private let power: Double

      public init(configuration: Configuration) throws {
        power = configuration.power ?? 1
        guard power > 0, power.isFinite else { throw PluginError("power is \\(power): choose a positive number.") }
        self.configuration = Configuration(power: power)
      }

      /// What there is a row of numbers for: jets, constituents, splittings or events.
      public var rows: HeadRows { .jets }

      public var quantities: [ObservableQuantity] {
        [
          ObservableQuantity("width", "Σ pT ΔR^power / Σ pT over the constituents"),
          ObservableQuantity("dispersion", "√Σ pT² / Σ pT over the constituents"),
        ]
      }

      /// Adds the numbers of each jet.
      public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
        for jet in 0..<sample.jets.jetCount {
          let axis = sample.jets.momentum(ofJet: jet)
          var (spread, squares, total) = (0.0, 0.0, 0.0)
          for constituent in sample.jets.constituents(ofJet: jet) {
            let p = sample.momentum(ofConstituent: constituent, ofJet: jet)
            spread += p.pt * pow(p.deltaR(to: axis), power)
            squares += p.pt2
            total += p.pt
          }
          // NaN says that there is no such number.
          values.append(total > 0 ? spread / total : .nan)
          values.append(total > 0 ? squares.squareRoot() / total : .nan)
        }
      }
    }

    """
  }

  var tests: String {
    """
    import \(names.name)
    import PluginKit
    import PluginTesting
    import Testing

    @Suite struct \(names.name)Tests {
      /// What every observable has to do: a row for each jet, determinism, independence of other events.
      @Test(arguments: ObservableCheck.allCases) func conforms(_ check: ObservableCheck) throws {
        try ObservableConformance(\(names.name).self).run(check)
      }

      @Test func twoEqualProngsHaveTheWidthOfTheirDistance() throws {
        var events = Events()
        try events.append([
          FourMomentum(pt: 50, rapidity: 0.3, phi: 1, mass: 0), FourMomentum(pt: 50, rapidity: -0.3, phi: 1, mass: 0),
        ])
        let choice = ObservableChoice("shape", \(names.name).self, \(names.name).Configuration())
        let reconstruction = try JetReconstruction(
          JetFinder(JetDefinition(.antikt, radius: 1)), observables: ObservableSet([choice]))
        let columns = try reconstruction.jets(in: events).columns.jets
        #expect(abs(columns["shape/width"]!.values[0] - 0.3) < 1e-9)
        #expect(abs(columns["shape/dispersion"]!.values[0] - 0.5.squareRoot()) < 1e-9)
      }

      @Test func powersThatAreNotPositiveAreRefused() {
        #expect(throws: PluginError.self) { try \(names.name)(configuration: .init(power: 0)) }
      }
    }

    """
  }

  var registered: [String] { ["\(names.name).self"] }

  var example: String {
    """
    # canopy train \(names.identifier).yaml -o tagger --plugin .build/release/lib\(names.name).so
    data:
      inputs: ["\(names.kit.path)/samples/w-vs-qcd-small.h5"]

    jets:
      radius: 1.0
      leading: 1

    observables:
      \(names.identifier): {power: 1}

    # Jets that are one narrow spray of particles are left out, in training and whenever the model is used.
    cuts: [\(names.identifier)/width > 0.05]

    embedding:
      width: 20
      features: [lund, \(names.identifier)/dispersion]

    heads:
      tagger:
        plugin: jet-tagger
        configuration:
          truth: label
          classes: [background, signal]

    training:
      epochs: 10

    """
  }

  var purpose: String {
    "an observable called `\(names.identifier)` that results, cuts, menus and node features can name. It measures how wide a "
      + "jet is and how evenly its constituents share its momentum."
  }

  var use: String { "canopy cluster EVENTS --observable \(names.identifier)" }
}
