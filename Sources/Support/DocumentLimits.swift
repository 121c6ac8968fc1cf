// SPDX-License-Identifier: GPL-3.0-or-later

/// How much a document of nested values may hold: a training's configuration, a menu, a `--set`, the configuration of a
/// head in a model.
///
/// A larger document is refused while it is read, before it takes more memory than this.
package enum DocumentLimits {
  /// The number of bytes of a file.
  package static let fileSize = 4 << 20
  /// The number of values, mappings and lists included; the value of an alias counts each time that it is
  /// used.
  package static let values = 100_000
  /// The number of lists and mappings that may be nested.
  package static let depth = 64
  /// The number of bytes of a key.
  package static let keyLength = 1_000
  /// The number of bytes of a value, a text or a number.
  package static let valueLength = 1 << 16
  /// The number of bytes of all values and of the keys that lead to each.
  package static let totalLength = 16 << 20
}
