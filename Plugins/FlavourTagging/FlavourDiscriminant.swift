// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

/// A number between 0 and 1 that tells jets of some flavours from those of others: P(signal) / (P(signal) + P(background)).
///
/// These are the discriminants of DeepJet (CMS, arXiv:2008.10519, and arXiv:2111.03027 for c jets); `QvsG` is of light quarks
/// against gluons. Flavours that are in neither take no part, so that for jets of those that do it is a probability.
public enum FlavourDiscriminant: String, Sendable, CaseIterable {
  /// b against light quarks and gluons.
  case bVersusLight = "BvsL"
  /// b against c.
  case bVersusC = "BvsC"
  /// c against light quarks and gluons.
  case cVersusLight = "CvsL"
  /// c against b.
  case cVersusB = "CvsB"
  /// Light quarks against gluons.
  case quarkVersusGluon = "QvsG"

  /// The names of the flavours, in the order that the numbers of `generate.py flavour-jets` have.
  public static let flavours = ["b", "c", "uds", "g"]

  /// The flavours that have large values.
  public var signal: [String] {
    switch self {
    case .bVersusLight, .bVersusC: ["b"]
    case .cVersusLight, .cVersusB: ["c"]
    case .quarkVersusGluon: ["uds"]
    }
  }

  /// The flavours that have small values.
  public var background: [String] {
    switch self {
    case .bVersusLight, .cVersusLight: ["uds", "g"]
    case .bVersusC: ["c"]
    case .cVersusB: ["b"]
    case .quarkVersusGluon: ["g"]
    }
  }

  /// The discriminant of each jet: `[jets × 1]`; 0 if all flavours that take part have probability 0.
  ///
  /// - Parameters:
  ///   - probabilities: the probabilities of the flavours, `[jets × classes]`.
  ///   - classes: the names of the columns.
  /// - Returns: `[jets × 1]`.
  func value(of probabilities: Variable, classes: [String]) -> Variable {
    func sum(_ names: [String]) -> Variable {
      let columns = names.map { classes.firstIndex(of: $0)! }
      return columns.dropFirst().reduce(probabilities.columns(columns[0]..<columns[0] + 1)) {
        $0 + probabilities.columns($1..<$1 + 1)
      }
    }
    let signal = sum(signal)
    return signal / (signal + sum(background) + Float.leastNormalMagnitude)
  }
}
