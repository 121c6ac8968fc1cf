// SPDX-License-Identifier: GPL-3.0-or-later

/// A head that gives rows of several classes a score of the signal, class 1: evaluations have its curves, and a workspace
/// its templates.
///
/// The score lies between 0 and 1. It is the first output of a head of two classes, and the second one of a head of more,
/// which has an output for each class. What the head learns from the validation sample is its own matter; one whose forward
/// pass gives logits is a ``ClassifyingHead``.
public protocol ScoringHead: Head {
  /// The classes, and the columns that tell them.
  var classification: Classification { get }
}

extension ScoringHead {
  /// The columns that say which class a row is of.
  public var truthColumns: [String] { classification.truthColumns }

  /// Makes sure that the truth of each row is that of one class.
  ///
  /// - Throws: ``PluginError`` with the row.
  public func check(_ truth: HeadTruth) throws { try classification.check(truth) }
}
