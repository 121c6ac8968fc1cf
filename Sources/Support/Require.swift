// SPDX-License-Identifier: GPL-3.0-or-later

/// Ends the program with a sentence unless a condition holds that the caller must ensure.
///
/// Swift's `precondition` keeps its sentence to itself in release builds, in which plugins are used: their
/// authors would see an illegal instruction.
///
/// - Parameters:
///   - condition: what must be true.
///   - sentence: what is wrong otherwise; it is made only then.
///   - file: the file of the call.
///   - line: the line of the call.
@inlinable @inline(__always)
public func require(
  _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  guard condition() else { fatalError(sentence(), file: file, line: line) }
}
