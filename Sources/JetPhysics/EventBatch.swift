// SPDX-License-Identifier: GPL-3.0-or-later

/// Consecutive events as flat arrays: one array a quantity, one array of offsets for the events.
///
/// Event `i` owns the particles `offsets[i] ..< offsets[i + 1]`. Four-momenta are (px, py, pz, E) in GeV.
/// An event without particles is valid.
public struct EventBatch: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int]
  /// The first particle of each event, and the number of particles at the end: `[events + 1]`.
  public var offsets: [Int]
  /// Momentum along x in GeV: `[particles]`.
  public var px: [Double]
  /// Momentum along y in GeV: `[particles]`.
  public var py: [Double]
  /// Momentum along the beam in GeV: `[particles]`.
  public var pz: [Double]
  /// Energy in GeV: `[particles]`.
  public var energy: [Double]
  /// Particle Data Group identifiers: `[particles]`, or empty where the input has none.
  public var pdgID: [Int32]
  /// The place that each particle has in its event in the input: `[particles]`; empty if no particle was left out, so
  /// that it is the place here.
  public var inputPlaces: [Int32]
  /// Further quantities of each event by name: truth, weights, inputs.
  public var columns: [String: EventColumn]
  /// Further quantities of each particle by name, those that were asked for: each `[particles]`.
  public var particleColumns: [String: [Double]]
  /// Why columns that the input has cannot be read, by name; an error only for those who need them.
  public var unreadableColumns: [String: String]
  /// The file that the events come from, as the user named it; used in messages.
  public var source: String
  /// The number of the first event of that file, counted from 0 through all inputs; used in messages.
  public var firstEventOfSource: Int

  /// A batch without events.
  public init(source: String = "") {
    eventNumbers = []
    offsets = [0]
    px = []
    py = []
    pz = []
    energy = []
    pdgID = []
    inputPlaces = []
    columns = [:]
    particleColumns = [:]
    unreadableColumns = [:]
    self.source = source
    firstEventOfSource = 0
  }

  /// The number of events.
  public var eventCount: Int { eventNumbers.count }

  /// The number of particles of all events together.
  public var particleCount: Int { energy.count }

  /// Whether ``inputPlaces`` says where the particles were in the input.
  public var knowsInputPlaces: Bool { !inputPlaces.isEmpty && inputPlaces.count == particleCount }

  /// The particles of one event as a range into the particle arrays.
  public func particles(ofEvent event: Int) -> Range<Int> { offsets[event]..<offsets[event + 1] }
}

/// One quantity of each event of a batch, of `width` numbers an event.
public struct EventColumn: Sendable, Equatable {
  /// How many numbers each event has.
  public var width: Int
  /// Row-major `[events × width]`.
  public var values: [Double]

  /// A column of `values`, which hold `width` numbers for each event.
  public init(width: Int = 1, values: [Double] = []) {
    self.width = width
    self.values = values
  }
}
