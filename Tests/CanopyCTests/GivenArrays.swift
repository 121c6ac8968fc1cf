// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Foundation
import TestFiles
import Testing

/// Events as a program in C has them.
struct GivenArrays {
  var offsets: [Int64]
  var components: [[Double]]
  var pdgID: [Int32]
  var momenta = CANOPY_PX_PY_PZ_E
  var particleColumns: [String: [Double]] = [:]
  var eventColumns: [String: [Double]] = [:]

  /// The arrays of events.
  init(_ events: Events) {
    offsets = events.offsets.map(Int64.init)
    let momenta = events.momenta
    components = [momenta.px, momenta.py, momenta.pz, momenta.energy]
    pdgID = events.pdgID
  }

  /// Calls `body` with the events, of which some may be left out.
  func with<Result>(
    _ range: Range<Int>? = nil, _ body: (inout canopy_events) throws -> Result
  ) rethrows -> Result {
    let range = range ?? 0..<offsets.count - 1
    var events = canopy_no_events()
    events.event_count = range.count
    events.particle_count = components[0].count
    events.momenta = momenta
    var names: [UnsafeMutablePointer<CChar>] = []
    defer { names.forEach { free($0) } }
    var pointers: [UnsafeMutablePointer<Double>] = []
    defer { pointers.forEach { $0.deallocate() } }
    func copy(_ values: [Double]) -> UnsafePointer<Double> {
      let pointer = UnsafeMutablePointer<Double>.allocate(capacity: max(1, values.count))
      pointer.initialize(from: values, count: values.count)
      pointers.append(pointer)
      return UnsafePointer(pointer)
    }
    func columns(_ columns: [String: [Double]]) -> [canopy_column] {
      columns.sorted { $0.key < $1.key }.map { name, values in
        names.append(strdup(name))
        return canopy_column(
          name: names.last!, values: copy(values), width: 1, data: nil, type: CANOPY_FLOAT64, unit: nil)
      }
    }
    events.components = (
      copy(components[0]), copy(components[1]), copy(components[2]), copy(components[3])
    )
    let (ofParticles, ofEvents) = (columns(particleColumns), columns(eventColumns))
    return try offsets[range.lowerBound...].withUnsafeBufferPointer { offsets in
      try pdgID.withUnsafeBufferPointer { pdgID in
        try ofParticles.withUnsafeBufferPointer { ofParticles in
          try ofEvents.withUnsafeBufferPointer { ofEvents in
            events.offsets = offsets.baseAddress
            events.pdgid = pdgID.isEmpty ? nil : pdgID.baseAddress
            (events.particle_columns, events.particle_column_count) = (
              ofParticles.baseAddress, ofParticles.count
            )
            (events.event_columns, events.event_column_count) = (ofEvents.baseAddress, ofEvents.count)
            return try body(&events)
          }
        }
      }
    }
  }

  /// The events of the shipped sample.
  static func sample(_ count: Int = 60) throws -> (arrays: GivenArrays, events: Events) {
    let stream = try EventStream(inputs: [Samples.path("qcd-events.hepmc.zst")])
    let events = try #require(try stream.next(upTo: count))
    var plain = Events()
    plain.eventNumbers = Array(0..<events.eventCount)
    plain.offsets = events.offsets
    plain.momenta = events.momenta
    plain.pdgID = events.pdgID
    return (GivenArrays(plain), plain)
  }
}

/// Results of a call.
final class GivenResults {
  let pointer = canopy_results_create()!

  deinit { canopy_results_destroy(pointer) }

  var names: [String] {
    (0..<canopy_results_count(pointer)).map { place in
      var array = canopy_no_array()
      #expect(canopy_results_array(pointer, place, &array))
      return String(cString: array.name)
    }
  }

  /// The numbers of an array, whose type and shape are looked at.
  func numbers<Number>(_ name: String, _ type: canopy_type, width: Int = 1) throws -> [Number] {
    var array = canopy_no_array()
    try #require(canopy_results_find(pointer, name, &array), "\(name): \(lastError)")
    #expect(array.type == type && String(cString: array.name) == name)
    #expect(array.rank == (width == 1 ? 1 : 2) && array.shape.1 == (width == 1 ? 0 : width))
    let count = array.shape.0 * width
    return Array(
      UnsafeBufferPointer(start: array.data?.assumingMemoryBound(to: Number.self), count: count))
  }

  func doubles(_ name: String) throws -> [Double] { try numbers(name, CANOPY_FLOAT64) }
  func floats(_ name: String, width: Int = 1) throws -> [Float] {
    try numbers(name, CANOPY_FLOAT32, width: width)
  }
  func indices(_ name: String) throws -> [Int32] { try numbers(name, CANOPY_INT32) }
  func offsets(_ name: String) throws -> [Int64] { try numbers(name, CANOPY_INT64) }
}

/// What the last call of this thread that failed was blamed for.
var lastError: String { String(cString: canopy_error_message()) }
