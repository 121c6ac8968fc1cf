// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

/// Writes results batch by batch, in memory that does not grow with the number of events.
///
/// A file appears under its name only when `finish` has succeeded. A writer that is released before that
/// leaves nothing behind; only what went to standard output or into a pipe cannot be taken back. The first
/// batch, which may be one without events, sets the columns. A writer is used by one thread at a time.
public protocol ResultWriter: AnyObject {
  /// Writes a batch behind the earlier ones.
  ///
  /// - Throws: `ResultOutputError`; nothing can be written after that.
  func append(_ batch: ResultBatch) throws

  /// Completes the output and gives the file its name.
  ///
  /// - Throws: `ResultOutputError`.
  func finish() throws
}

/// Where results go.
public enum ResultDestination: Sendable, Equatable {
  /// A file, which is replaced if it exists, or a pipe or device with a name.
  case file(String)
  /// Standard output.
  case standardOutput

  /// Finds out before there are results whether they can be written, as far as that can be known.
  ///
  /// Streams are left alone: who reads one would see it end.
  ///
  /// - Throws: `ResultOutputError` where they cannot.
  package func check() throws {
    guard case .file(let path) = self else { return }
    var status = stat()
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) { return }
    _ = try ResultFile(for: ResultTarget(self), isNamed: false)
  }
}

/// The formats of results, named as on the command line.
///
/// Below, NAME is the name of a column: `embedding` or `HEAD/OUTPUT`.
public enum ResultFormat: String, CaseIterable, Sendable {
  /// Aligned columns for people: a line for each jet, and one, marked `-`, for each event that has columns of
  /// its own or no jets. Columns and lists of more than four entries are shown by their beginning.
  case table
  /// One JSON object an event:
  /// `{"event":i,"jets":[{"pt":…,"rapidity":…,"phi":…,"mass":…,"constituents":[…],"tree":[[left,right],…],
  /// "embedding":[…],"HEAD":{"OUTPUT":…}}],"embedding":[…],"HEAD":{"OUTPUT":…}}` on one line.
  ///
  /// Columns of width 1 are numbers, others arrays. Numbers have the digits that it takes to read back the same
  /// Double, or for columns the same Float; numbers that are not finite become `null`.
  case jsonl
  /// One dataset a quantity, in HDF5:
  ///
  /// - `/event/number` i64 `[events]`, counted from 0 through all inputs
  /// - `/event/NAME` f32 `[events]`, or `[events × width]`
  /// - `/jet/offset` u64 `[events + 1]`: event i owns the jets offset[i] ..< offset[i + 1]
  /// - `/jet/{pt,rapidity,phi,mass}` f64 `[jets]`
  /// - `/jet/NAME` f32 `[jets]`, or `[jets × width]`
  /// - `/jet/constituent` i32 `[constituents]`, particles counted from the first one of the event, and
  ///   `/jet/constituent_offset` u64 `[jets + 1]`
  /// - `/jet/tree` i32 `[splittings × 2]`, (left, right) with the constituents as 0 ..< n and the splittings
  ///   from n on, and `/jet/tree_offset` u64 `[jets + 1]`
  ///
  /// A dataset with a unit names it in its attribute `unit`.
  case hdf5
  /// The arrays of `hdf5` under the same names in NumPy's archive, as in `numpy.load("x.npz")["jet/pt"]`.
  case npz

  /// Opens `destination` for results in this format.
  ///
  /// - Throws: `ResultOutputError` where it cannot be written, and for HDF5 and npz on a terminal.
  public func makeWriter(to destination: ResultDestination) throws -> any ResultWriter {
    switch self {
    case .table: try TableResultWriter(to: destination)
    case .jsonl: try JSONLinesResultWriter(to: destination)
    case .hdf5: try ArrayResultWriter(to: destination, as: HDF5Archive.self)
    case .npz: try ArrayResultWriter(to: destination, as: NPZArchive.self)
    }
  }
}
