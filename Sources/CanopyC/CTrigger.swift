// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Foundation

// The functions that canopy.h declares under Triggers. Their documentation is there.

/// `canopy_trigger_open`.
@_cdecl("canopy_trigger_open")
public func openTrigger(
  _ options: UnsafePointer<canopy_trigger_options>?, _ error: UnsafeMutablePointer<CChar>?, _ errorSize: Int
) -> OpaquePointer? {
  do {
    guard let options else { throw OpeningError(description: "The options of a trigger are null.") }
    return Handle.make(try OpenTrigger(options.pointee))
  } catch let problem {
    if let error, errorSize > 0 {
      // As much as there is room for, with the zero at its end.
      let text = Array("\(problem)".utf8CString.dropLast().prefix(errorSize - 1))
      for (place, character) in text.enumerated() { error[place] = character }
      error[text.count] = 0
    }
    return nil
  }
}

/// `canopy_trigger_close`.
@_cdecl("canopy_trigger_close")
public func closeTrigger(_ trigger: OpaquePointer?) {
  Handle.release(trigger, as: OpenTrigger.self)
}

/// `canopy_trigger_path_count`.
@_cdecl("canopy_trigger_path_count")
public func pathCount(_ trigger: OpaquePointer) -> Int { open(trigger).pathNames.count }

/// `canopy_trigger_path_name`.
@_cdecl("canopy_trigger_path_name")
public func pathName(_ trigger: OpaquePointer, _ path: Int) -> UnsafePointer<CChar>? {
  open(trigger).pathNames[path]
}

/// `canopy_trigger_value_count`.
@_cdecl("canopy_trigger_value_count")
public func valueCount(_ trigger: OpaquePointer) -> Int { open(trigger).valueNames.count }

/// `canopy_trigger_value_name`.
@_cdecl("canopy_trigger_value_name")
public func valueName(_ trigger: OpaquePointer, _ value: Int) -> UnsafePointer<CChar>? {
  open(trigger).valueNames[value]
}

/// `canopy_trigger_value_unit`.
@_cdecl("canopy_trigger_value_unit")
public func valueUnit(_ trigger: OpaquePointer, _ value: Int) -> UnsafePointer<CChar>? {
  open(trigger).valueUnits[value]
}

/// `canopy_trigger_decide`.
@_cdecl("canopy_trigger_decide")
public func decide(
  _ trigger: OpaquePointer, _ px: UnsafePointer<Double>?, _ py: UnsafePointer<Double>?,
  _ pz: UnsafePointer<Double>?, _ energy: UnsafePointer<Double>?, _ pdgID: UnsafePointer<Int32>?,
  _ count: Int, _ decision: UnsafeMutablePointer<canopy_trigger_decision>
) -> Int32 {
  open(trigger).decide(
    px: UnsafeBufferPointer(start: px, count: count), py: UnsafeBufferPointer(start: py, count: count),
    pz: UnsafeBufferPointer(start: pz, count: count),
    energy: UnsafeBufferPointer(start: energy, count: count),
    pdgID: UnsafeBufferPointer(start: pdgID, count: pdgID == nil ? 0 : count), decision: decision)
}

/// `canopy_trigger_decide_event`.
@_cdecl("canopy_trigger_decide_event")
public func decideEvent(
  _ trigger: OpaquePointer, _ event: UnsafePointer<canopy_events>?,
  _ decision: UnsafeMutablePointer<canopy_trigger_decision>
) -> Int32 {
  open(trigger).decide(event, decision: decision)
}

/// `canopy_trigger_error`.
@_cdecl("canopy_trigger_error")
public func errorOfLastDecision(_ trigger: OpaquePointer) -> UnsafePointer<CChar>? {
  open(trigger).error[0]
}

private func open(_ trigger: OpaquePointer) -> OpenTrigger {
  Unmanaged<OpenTrigger>.fromOpaque(UnsafeRawPointer(trigger)).takeUnretainedValue()
}

/// Why a trigger cannot be opened.
private struct OpeningError: Error, CustomStringConvertible {
  let description: String
}

/// A trigger with the memory that C reads, which does not move.
private final class OpenTrigger {
  let pathNames: CStrings
  let valueNames: CStrings
  let valueUnits: CStrings
  /// The sentence about the last decision.
  private(set) var error = CStrings([""])

  private let trigger: EventTrigger
  private let paths: UnsafeMutablePointer<UInt8>
  private let conditions: UnsafeMutablePointer<UInt8>
  private var hasFailed = false
  /// The event of `canopy_trigger_decide_event`, and the numbers of its momenta: `[4][particles]`.
  private var event = Events()
  private var numbers = Array(repeating: [Double](), count: 4)
  private let values: UnsafeMutablePointer<Double>

  init(_ options: canopy_trigger_options) throws {
    guard let modelFolder = options.model, let menuFile = options.menu else {
      throw OpeningError(description: "A trigger needs a model and a menu.")
    }
    var given: [String: Double] = [:]
    for place in 0..<options.condition_count {
      guard let name = options.condition_names?[place], let value = options.condition_values?[place] else {
        throw OpeningError(description: "Condition \(place) has no name or no value.")
      }
      given[String(cString: name)] = value
    }
    let plugins = LoadedPlugins.registry
    let model = try Model(
      contentsOf: URL(fileURLWithPath: String(cString: modelFolder)), plugins: plugins)
    let file = try MenuFile(contentsOf: URL(fileURLWithPath: String(cString: menuFile)))
    let menu = try file.menu(sources: DecisionSources(model), plugins: plugins)
    do {
      trigger = try EventTrigger(
        model: model, menu: menu, conditions: given,
        timeLimit: options.time_limit > 0 ? options.time_limit : nil, plugins: plugins)
    } catch let error as MenuError {
      throw file.error(error)
    }
    pathNames = CStrings(menu.paths.map(\.name))
    valueNames = CStrings(menu.quantities.map(\.name))
    valueUnits = CStrings(menu.quantities.map { $0.unit ?? "" })
    paths = .allocate(capacity: max(1, pathNames.count))
    conditions = .allocate(capacity: max(1, pathNames.count))
    values = .allocate(capacity: max(1, valueNames.count))
  }

  /// What `canopy_trigger_decide` does.
  func decide(
    px: UnsafeBufferPointer<Double>, py: UnsafeBufferPointer<Double>, pz: UnsafeBufferPointer<Double>,
    energy: UnsafeBufferPointer<Double>, pdgID: UnsafeBufferPointer<Int32>,
    decision: UnsafeMutablePointer<canopy_trigger_decision>
  ) -> Int32 {
    decide(decision) { try trigger.decide(px: px, py: py, pz: pz, energy: energy, pdgID: pdgID) }
  }

  /// What `canopy_trigger_decide_event` does.
  func decide(
    _ given: UnsafePointer<canopy_events>?, decision: UnsafeMutablePointer<canopy_trigger_decision>
  ) -> Int32 {
    decide(decision) {
      let given = try GivenEvents(given)
      guard given.eventCount == 1 else {
        throw CallError("A trigger decides about one event at a time; \(given.eventCount) are given.")
      }
      try given.copy(0..<1, to: &event, using: &numbers)
      return try trigger.decide(event)
    }
  }

  private func decide(
    _ decision: UnsafeMutablePointer<canopy_trigger_decision>, _ decide: () throws -> Bool
  ) -> Int32 {
    if hasFailed { error = CStrings([""]) }
    hasFailed = false
    do {
      let isAccepted = try decide()
      let decisions = trigger.decisions
      for path in 0..<pathNames.count {
        paths[path] = decisions.pathBits[path] ? 1 : 0
        conditions[path] = decisions.conditionsHold[path] ? 1 : 0
      }
      for value in 0..<valueNames.count { values[value] = decisions.values[value] }
      decision.pointee = canopy_trigger_decision(
        accepted: isAccepted, passed_through: decisions.isPassThrough[0], paths: paths,
        conditions: conditions, values: values)
      return 0
    } catch let problem {
      hasFailed = true
      error = CStrings([(problem as? any EventError).map { "The event \($0.predicate)" } ?? "\(problem)"])
      return -1
    }
  }

  deinit {
    paths.deallocate()
    conditions.deallocate()
    values.deallocate()
  }
}
