// SPDX-License-Identifier: GPL-3.0-or-later

/// Names whose bytes differ though they are the same name, such as é as one scalar of Unicode or as two.
///
/// Columns are found by their names, so that an input with two such names is refused: one of the two would be lost.
enum NameForms {
  /// What is wrong with a name that an input has twice, as the end of a sentence about it.
  static let problem =
    "is given twice, in two normal forms of Unicode that are one name; rename one of the two"

  /// The first of `names`, whose bytes differ, that is the same name as one before it; nil if there is none.
  static func firstRepeated(in names: some Sequence<String>) -> String? {
    // Names that are all of ASCII differ if their bytes do.
    guard names.contains(where: { !$0.utf8.allSatisfy { $0 < 0x80 } }) else { return nil }
    var known: Set<String> = []
    return names.first { !known.insert($0).inserted }
  }
}
