// SPDX-License-Identifier: GPL-3.0-or-later

/// Who or what an error is to be blamed on; the raw value is the exit status of a command.
public enum Fault: Int32, Sendable {
  /// The work failed, though all that was asked for can be: a full disk, a network that diverged.
  case work = 1
  /// The command line asks for what cannot be, such as an output in a folder that is not there.
  case commandLine = 64
  /// The input is wrong: events, a model, a configuration or a plugin.
  case input = 65
}

/// An error that tells a user in one sentence what is wrong and what to do.
public protocol ReportedError: Error, CustomStringConvertible {
  /// Who or what is to be blamed; the input unless the error says otherwise.
  var fault: Fault { get }
}

extension ReportedError {
  /// The input.
  public var fault: Fault { .input }
}
