// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// Writes events with all that is known of them, to be read again by an ``EventStream``.
///
/// A file appears under its name only when `finish` has succeeded, and a writer is used by one thread at a time.
///
/// All events of an output have the same columns: what is missing in some of them is NaN. Whole numbers keep all their digits; an HDF5
/// file whose columns were taken from the first events, which have whole numbers there, takes no events that lack these. Particles have identifiers where those of the first events have them,
/// and 0 where those of later events have none. Events without a column `number` get one, their numbers counted through
/// all inputs; the column of others stays as it is, so that they can be traced back to where they came from first. A column
/// of particles whose name the format needs, or in JSON lines has for the event, is written as `particle.NAME`; one of several
/// numbers is in JSON lines a list for each of them, `NAME.0`, `NAME.1`, ….
public protocol EventWriter: AnyObject {
  /// Writes the events of a batch behind those of earlier batches.
  ///
  /// - Throws: `EventInputError` where the events have other columns than earlier ones, `ResultOutputError` where they
  ///   cannot be written.
  func append(_ events: Events) throws

  /// Completes the output; a file gets its name only now.
  ///
  /// - Throws: `ResultOutputError` where it cannot be completed.
  func finish() throws
}
