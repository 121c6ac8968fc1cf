// SPDX-License-Identifier: GPL-3.0-or-later

import Settings

/// How much of an input is held at once, whatever the input claims: no file makes a run take all memory or all disk.
///
/// All follow from one number, the memory that reading may take. What exceeds a limit is an error that names file,
/// event and field.
public struct ReadingLimits: Sendable, Equatable {
  /// The memory in bytes that the events which were read and not yet worked on may take.
  public let memory: Int

  /// Limits that follow from `memory`, in bytes, at least a MiB.
  public init(memory: Int = 1 << 30) {
    self.memory = max(memory, 1 << 20)
  }

  /// Limits that follow from memory in MiB, 1 or more.
  ///
  /// - Throws: ``ReadingLimitsError`` if there is no such memory.
  public init(mebibytes: Int) throws {
    guard (1...(1 << 30)).contains(mebibytes) else {
      throw ReadingLimitsError(mebibytes: mebibytes)
    }
    self.init(memory: mebibytes << 20)
  }

  /// The bytes that one event, or one line, of a text format may have once it is decompressed: 64 MiB by default.
  public var bytesOfEvent: Int { memory / 16 }
  /// The particles that one event may have: 2²⁰ by default.
  ///
  /// The largest collisions have some hundred thousand.
  public var particlesOfEvent: Int { memory / 1024 }
  /// The numbers that one column may have for each event: 65,536 by default.
  public var numbersOfColumn: Int { memory / 16384 }
  /// The particles after which a batch ends: 2²¹ by default.
  public var particlesOfBatch: Int { memory / 512 }
  /// The bytes that an input may have that must be copied to the disk before it is read: 4 GiB by default.
  ///
  /// That is HDF5 that is compressed as a whole or comes through a pipe. Other formats are read as they come, and
  /// may have any length.
  public var bytesOfCopy: Int { memory > Int.max / 4 ? Int.max : 4 * memory }
  /// The bytes that a decompressor may hold, such as the window of a Zstandard file: 128 MiB by default.
  var bytesOfDecompressor: Int { memory / 8 }
}

/// A memory for reading that there is not.
public struct ReadingLimitsError: SettingValueError, Equatable {
  /// The memory in MiB.
  public let mebibytes: Int

  /// What is wrong with it, and what to do.
  public var problem: String {
    "\(mebibytes) MiB is no memory to read with; choose a number from 1 to \(1 << 30)"
  }
}
