// SPDX-License-Identifier: GPL-3.0-or-later

/// The names under which results have the numbers of heads and observables.
package enum ResultNames {
  /// What results already call something else, so that no head and no observable can be called so.
  package static let reserved: Set<String> = [
    "constituent", "constituent_offset", "constituents", "embedding", "event", "jets", "mass", "number",
    "offset", "phi", "pt", "rapidity", "tree", "tree_offset",
  ]

  /// Further names that no observable can have; heads of models of before may.
  package static let reservedForObservables: Set<String> = reserved.union([
    "input_number", "splitting", "splitting_offset",
  ])
}
