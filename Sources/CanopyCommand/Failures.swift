// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Settings
import Support

/// Runs the work of a command; an error becomes one sentence on standard error and the exit status of its kind:
/// 64 if the command line was wrong, 65 if the input was, 1 if the work failed otherwise.
///
/// A place for an output that can be none is told before the work, and is the command line's fault; what fails while the
/// output is written is the work's.
func reportingFailures(_ work: () throws -> Void) throws {
  do {
    try work()
  } catch let error as ResultOutputError where error.isBrokenPipe {
    // The reader of the output has seen enough, as in `canopy … | head`.
    throw ExitCode(0)
  } catch let status as ExitCode {
    // What there is to say was said.
    throw status
  } catch let error as ValidationError {
    writeToStandardError("canopy: \(error.message.printable)\n")
    throw ExitCode.validationFailure
  } catch let error as ConfigurationError {
    // All that is wrong with the file, a line each.
    for message in error.messages { writeToStandardError("canopy: \(message.printable)\n") }
    throw ExitCode(error.fault.rawValue)
  } catch {
    writeToStandardError("canopy: \("\(error)".printable)\n")
    throw ExitCode(((error as? any ReportedError)?.fault ?? .work).rawValue)
  }
}

/// Turns what jet finding says of its parameters into an error of the command line.
func checkingOptions<Value>(_ make: () throws -> Value) throws -> Value {
  do {
    return try make()
  } catch let error as JetPhysicsError {
    throw ValidationError(error.problem)
  }
}
