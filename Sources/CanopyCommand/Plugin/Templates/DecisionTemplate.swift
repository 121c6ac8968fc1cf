// SPDX-License-Identifier: GPL-3.0-or-later

/// The template of a decision that measures a jet and the missing momentum, so that one jet an event is enough, as models of
/// jet taggers have it.
struct DecisionTemplate: PluginKindTemplate {
  static let kind = "decision"
  static let meaning = "a decision on a jet and missing momentum for menus of triggers"

  private let names: PluginNames

  init(_ names: PluginNames) { self.names = names }

  var source: String {
    """
    import PluginKit

    /// Measures how far apart in azimuth the hardest jet and the missing momentum are.
    public struct \(names.name): Decision {
      /// What stands under the identifier in a menu.
      public struct Configuration: Decodable, Sendable {
        /// The least transverse momentum of the jet in GeV; 0 unless given.
        public var minimumPt: Double?

        enum CodingKeys: String, CodingKey {
          case minimumPt = "min-pt"
        }
      }

      public static let identifier = "\(names.identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "The distance of the hardest jet and the missing momentum in azimuth."
      public static let example = DecisionExample("{min-pt: 10}")
      /// A menu says by min and max what is accepted.
      public static let isMeasurement = true

      private let minimumPt: Double

      public init(configuration: Configuration, sources: DecisionSources) throws {
        minimumPt = configuration.minimumPt ?? 0
        guard minimumPt >= 0 else { throw PluginError("min-pt is \\(minimumPt): choose 0 or more.") }
      }

      public var quantities: [HeadOutput] { [HeadOutput("distance")] }

      /// Whether there is a jet; writes the distance, from 0 to π.
      public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
        guard event.jetCount >= 1, event.pt(ofJet: 0) >= minimumPt else { return false }
        let difference = event.momentum(ofJet: 0).phi - event.missingMomentum.phi
        values[0] = abs(difference.remainder(dividingBy: 2 * .pi))
        return true
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
      /// What every decision has to do: determinism, numbers where it says yes, independence of other events and more.
      @Test(arguments: DecisionCheck.allCases) func conforms(_ check: DecisionCheck) throws {
        try DecisionConformance(\(names.name).self).run(check)
      }

      @Test func negativeCutsAreRefused() throws {
        let negative = DecisionExample("{min-pt: -1}")
        #expect(throws: PluginError.self) {
          try DecisionConformance(\(names.name).self, example: negative).run(.configuration)
        }
      }
    }

    """
  }

  var registered: [String] { ["\(names.name).self"] }

  var example: String {
    """
    # canopy trigger EVENTS --menu \(names.identifier).yaml --model MODEL --plugin .build/release/lib\(names.name).so
    paths:
      - name: back-to-back
        conditions:
          - \(names.identifier): {min-pt: 20}
            min: 2.5
      - name: monitoring
        prescale: 100

    """
  }

  var purpose: String {
    "a decision called `\(names.identifier)` that menus of triggers can ask for. It measures how far apart in azimuth the "
      + "hardest jet and the missing momentum are."
  }

  var use: String { "canopy trigger EVENTS --menu \(names.identifier).yaml --model MODEL" }
}
