// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

/// Runs the work of a command; an error becomes one sentence on standard error and the exit status of its kind:
/// 65 where the input was wrong, 1 where the work failed otherwise.
func reportingFailures(_ work: () throws -> Void) throws {
  do {
    try work()
  } catch let error as ResultOutputError where error.isBrokenPipe {
    // Whoever read the output has seen enough, as in `canopy … | head`.
    throw ExitCode(0)
  } catch {
    FileHandle.standardError.write(Data("canopy: \(error)\n".utf8))
    throw ExitCode(error.isInputError ? 65 : 1)
  }
}

extension Error {
  fileprivate var isInputError: Bool {
    switch self {
    case let error as TrainingError: error.isInputError
    case is ConfigurationError, is EventInputError, is JetPhysicsError, is MetricError, is ModelError,
      is PluginError, is SafetensorsError:
      true
    default: false
    }
  }
}
