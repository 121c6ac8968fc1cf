// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Support

/// A call that asks for what cannot be.
struct CallError: ReportedError {
  let description: String
  let fault = Fault.commandLine

  init(_ description: String) { self.description = description }
}

/// Runs what a function of the interface does, and keeps what is wrong for `canopy_error_message` and its like.
///
/// - Returns: what `body` returns; nil if it fails.
func reporting<Value>(_ body: () throws -> Value) -> Value? {
  do {
    return try body()
  } catch {
    keep(error)
    return nil
  }
}

/// The same for a function that returns a status.
func status(_ body: () throws -> Void) -> canopy_status {
  do {
    try body()
    return CANOPY_OK
  } catch {
    return keep(error)
  }
}

@discardableResult
private func keep(_ error: any Error) -> canopy_status {
  let fault = (error as? any ReportedError)?.fault ?? .work
  let status =
    switch fault {
    case .work: CANOPY_WORK_FAILED
    case .commandLine: CANOPY_BAD_CALL
    case .input: CANOPY_BAD_INPUT
    }
  let input = error as? EventInputError
  let event = (error as? any EventError)?.event ?? input?.event.map { $0 - input!.firstEvent }
  canopy_set_error(
    status, "\(error)", input?.source ?? "", Int64(event ?? -1), field(of: error) ?? "")
  return status
}

/// The field of an event that an error blames.
private func field(of error: any Error) -> String? {
  switch error {
  case let error as JetPhysicsError: error.field
  case let error as ObservableError: error.field
  case let error as ParticleColumnError: error.field
  case let error as EventEncodingError: error.field
  case let error as EmbeddingRangeError: error.field
  case let error as GivenEventError: error.field
  case let error as ParticleWeightError: error.field
  case let error as EventInputError: error.field
  default: nil
  }
}
