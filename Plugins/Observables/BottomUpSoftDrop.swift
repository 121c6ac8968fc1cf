// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// `bottom-up-soft-drop`: each jet after bottom-up soft drop (arXiv:1804.03657, section 2.4): its constituents are reclustered by the
/// Cambridge algorithm, and in each step the softer branch is dropped unless z > z_cut (ΔR/R₀)^β.
public struct BottomUpSoftDrop: Observable {
  /// `bottom-up-soft-drop`.
  public static let identifier = "bottom-up-soft-drop"
  /// The version that models store.
  public static let version = PluginVersion(1, 0, 0)
  /// What `canopy` says of this plugin.
  public static let summary = "Each jet after bottom-up soft drop: its mass and its pT."
  /// An example for users and tests.
  public static let example = SoftDropGrooming.Configuration()

  /// The threshold, the exponent and the radius.
  public let configuration: SoftDropGrooming.Configuration
  private let softDrop: SoftDrop

  /// Bottom-up soft drop of `configuration`.
  ///
  /// - Throws: `PluginError` if the parameters are out of range.
  public init(configuration: SoftDropGrooming.Configuration) throws {
    self.configuration = configuration
    softDrop = try configuration.softDrop()
  }

  /// Jets.
  public var rows: HeadRows { .jets }

  /// `mass`, `pt` and `dropped`.
  public var quantities: [ObservableQuantity] { GroomingClustering.quantities }

  /// Memory for the clustering of a jet.
  public func makeScratch() -> GroomingScratch { GroomingScratch() }

  /// Adds the numbers of each jet.
  ///
  /// - Complexity: O(constituents²) for ordinary jets.
  public func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
    for jet in 0..<sample.jets.jetCount {
      sample.scratch.groom(jet, of: sample, &values) { step in
        let pt = step.softerPt + step.harderPt
        return pt == 0 || softDrop.passes(z: step.softerPt / pt, deltaR: step.distance2.squareRoot())
      }
    }
  }
}
