// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Support

// The functions that canopy.h declares under Results and Plugins, and the version. Their documentation is there.

/// `canopy_version`.
@_cdecl("canopy_version")
public func version() -> UnsafePointer<CChar>? { versionText[0] }

nonisolated(unsafe) private let versionText = CStrings([CanopyVersion.current])

/// `canopy_results_create`.
@_cdecl("canopy_results_create")
public func createResults() -> OpaquePointer? { Handle.make(ResultStore()) }

/// `canopy_results_destroy`.
@_cdecl("canopy_results_destroy")
public func destroyResults(_ results: OpaquePointer?) { Handle.release(results, as: ResultStore.self) }

/// `canopy_results_count`.
@_cdecl("canopy_results_count")
public func resultCount(_ results: OpaquePointer?) -> Int {
  reporting { try Handle.object(results, as: ResultStore.self, "results").count } ?? 0
}

/// `canopy_results_array`.
@_cdecl("canopy_results_array")
public func resultArray(
  _ results: OpaquePointer?, _ place: Int, _ array: UnsafeMutablePointer<canopy_array>?
) -> Bool {
  reporting { () throws -> Void in
    let results = try Handle.object(results, as: ResultStore.self, "results")
    guard (0..<results.count).contains(place) else {
      throw CallError(
        "There is no array \(UInt(bitPattern: place)), but \(results.count) arrays, counted from 0.")
    }
    try results.describe(place, to: checked(array))
  } != nil
}

/// `canopy_results_find`.
@_cdecl("canopy_results_find")
public func findResult(
  _ results: OpaquePointer?, _ name: UnsafePointer<CChar>?, _ array: UnsafeMutablePointer<canopy_array>?
) -> Bool {
  reporting { () throws -> Void in
    let results = try Handle.object(results, as: ResultStore.self, "results")
    guard let name else { throw CallError("The name of the array is null.") }
    guard let place = results.place(of: name) else {
      throw CallError("There is no array \(String(cString: name)) among these results.")
    }
    try results.describe(place, to: checked(array))
  } != nil
}

private func checked(
  _ array: UnsafeMutablePointer<canopy_array>?
) throws -> UnsafeMutablePointer<canopy_array> {
  guard let array else { throw CallError("The array is null.") }
  guard array.pointee.size == MemoryLayout<canopy_array>.size else {
    throw CallError(
      "The size of canopy_array is \(array.pointee.size), and that of this library \(MemoryLayout<canopy_array>.size); begin "
        + "with canopy_no_array(), and build against the header of the library.")
  }
  return array
}

/// `canopy_load_plugins`.
@_cdecl("canopy_load_plugins")
public func loadPlugins(_ path: UnsafePointer<CChar>?) -> canopy_status {
  status {
    guard let path else { throw CallError("The path of the plugins is null.") }
    try LoadedPlugins.load(String(cString: path))
  }
}
