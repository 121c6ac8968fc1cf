// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Pointers of C to objects of Swift.
enum Handle {
  /// A pointer that owns the object.
  static func make(_ object: some AnyObject) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(object).toOpaque())
  }

  /// The object that a pointer owns.
  ///
  /// - Throws: ``CallError`` if the pointer is null.
  static func object<Object: AnyObject>(
    _ pointer: OpaquePointer?, as type: Object.Type, _ name: String
  ) throws -> Object {
    guard let pointer else { throw CallError("The pointer to the \(name) is null.") }
    return Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  /// Lets go of the object that a pointer owns; null is passed over.
  static func release<Object: AnyObject>(_ pointer: OpaquePointer?, as type: Object.Type) {
    guard let pointer else { return }
    Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}

/// Texts that C reads.
final class CStrings {
  private let pointers: [UnsafeMutablePointer<CChar>]

  init(_ texts: [String]) { pointers = texts.map { strdup($0) } }

  deinit { pointers.forEach { free($0) } }

  var count: Int { pointers.count }

  subscript(place: Int) -> UnsafePointer<CChar>? {
    pointers.indices.contains(place) ? UnsafePointer(pointers[place]) : nil
  }
}
