// SPDX-License-Identifier: GPL-3.0-or-later

/// Ends the program with a sentence unless what a caller must see to is so.
///
/// Swift's `precondition` keeps its sentence to itself in release builds, in which plugins are used: their authors would
/// see an illegal instruction.
///
/// - Parameters:
///   - condition: what must be so.
///   - sentence: what is wrong otherwise; it is made only then.
@inlinable @inline(__always)
public func require(
  _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  guard condition() else { fatalError(sentence(), file: file, line: line) }
}
