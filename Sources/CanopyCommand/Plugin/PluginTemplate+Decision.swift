// SPDX-License-Identifier: GPL-3.0-or-later

extension PluginTemplate {
  /// The source of a decision on jets.
  var decision: String {
    """
    import PluginKit

    /// Measures how far apart in azimuth the two hardest jets are.
    public struct \(name): Decision {
      /// What stands under the identifier in a menu.
      public struct Configuration: Decodable, Sendable {
        /// The least transverse momentum of both jets in GeV; 0 unless given.
        public var minimumPt: Double?

        enum CodingKeys: String, CodingKey {
          case minimumPt = "min-pt"
        }
      }

      public static let identifier = "\(identifier)"
      public static let version = PluginVersion(1, 0, 0)
      public static let summary = "The distance of the two hardest jets in azimuth."
      public static let example = DecisionExample("{min-pt: 10}")
      /// A menu says by min and max what is accepted.
      public static let isMeasurement = true

      private let minimumPt: Double

      public init(configuration: Configuration, sources: DecisionSources) throws {
        minimumPt = configuration.minimumPt ?? 0
        guard minimumPt >= 0 else { throw PluginError("min-pt is \\(minimumPt): choose 0 or more.") }
      }

      public var quantities: [HeadOutput] { [HeadOutput("distance")] }

      /// Whether there are two jets; writes their distance, from 0 to π.
      public func callAsFunction(_ event: DecisionInputs, _ values: inout DecisionValues) -> Bool {
        guard event.jetCount >= 2, event.pt(ofJet: 1) >= minimumPt else { return false }
        let difference = event.momentum(ofJet: 0).phi - event.momentum(ofJet: 1).phi
        values[0] = abs(difference.remainder(dividingBy: 2 * .pi))
        return true
      }
    }

    """
  }

  /// Its tests.
  var decisionTests: String {
    """
    import \(name)
    import PluginKit
    import PluginTesting
    import Testing

    @Suite struct \(name)Tests {
      /// What every decision has to do: determinism, numbers where it says yes, independence of other events and more.
      @Test(arguments: DecisionCheck.allCases) func conforms(_ check: DecisionCheck) throws {
        try DecisionConformance(\(name).self).run(check)
      }

      @Test func negativeCutsAreRefused() throws {
        let negative = DecisionExample("{min-pt: -1}")
        #expect(throws: PluginError.self) {
          try DecisionConformance(\(name).self, example: negative).run(.configuration)
        }
      }
    }

    """
  }

  /// A menu with it.
  var menu: String {
    """
    # canopy trigger EVENTS --menu \(identifier).yaml --model MODEL --plugin .build/release/lib\(name).so
    paths:
      - name: back-to-back
        conditions:
          - \(identifier): {min-pt: 20}
            min: 2.5
      - name: monitoring
        prescale: 100

    """
  }

  /// What the package says of it.
  var decisionReadme: String {
    """
    # \(name)

    A plugin of Canopy: a decision called `\(identifier)` that menus of triggers can ask for. It measures how far apart
    in azimuth the two hardest jets are.

    ```
    swift test
    swift build -c release
    canopy plugin check .build/release/lib\(name).so
    canopy trigger EVENTS --menu \(identifier).yaml --model MODEL --plugin .build/release/lib\(name).so
    ```

    Instead of `--plugin`, the environment variable `CANOPY_PLUGIN_PATH` can name the library or its folder. A library
    serves the `canopy` of the same version that was built by the same compiler.

    - `Sources/\(name)/\(name).swift` has the decision: its configuration, what it measures, when it says yes.
    - `Sources/\(name)/Registration.swift` makes it known to `canopy`.
    - `Tests` checks that it does what every decision has to.

    """
  }
}
