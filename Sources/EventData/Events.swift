// SPDX-License-Identifier: GPL-3.0-or-later

/// Consecutive events: their particles as ragged flat arrays, and named columns of events and of particles.
///
/// Event `i` owns the particles `offsets[i] ..< offsets[i + 1]`. An event without particles is valid.
///
/// ```swift
/// var events = Events()
/// try events.append(
///   [FourMomentum(px: 3, py: 4, pz: 0, energy: 5)], pdgID: [22], columns: ["label": [1]])
/// let jets = try JetClusterer(JetFinder(JetDefinition(.antikt, radius: 0.4))).jets(in: events)
/// ```
public struct Events: Sendable, Equatable {
  /// The number of each event, counted from 0 through all inputs: `[events]`.
  public var eventNumbers: [Int]
  /// The particles of each event: `[events]` lists.
  public var particles: Ragged<Particles>
  /// Further quantities of each event by name: truth, weights, inputs: each `[events × width]`.
  public var columns: Columns
  /// Jets that the input itself has, such as those that a generator or an experiment found: `[events]` lists, whose columns
  /// are each `[given jets × width]`; nil if the input has none.
  ///
  /// They are truth and axes, and not what is clustered.
  public var givenJets: Ragged<Columns>?
  /// The weight of each event: `[events]`; empty if each counts as one.
  public var weights: [Double]
  /// Why columns of the input cannot be read, by name; it is an error only for those who need them.
  ///
  /// Those of particles are called `particle/NAME`, those of given jets `jet/NAME`.
  public var unreadableColumns: [String: String]
  /// The file that the events come from, as the user named it; used in messages.
  public var source: String
  /// The number of the first event of that file, counted from 0 through all inputs; used in messages.
  public var firstEventOfSource: Int

  /// No events.
  public init(source: String = "") {
    eventNumbers = []
    particles = Ragged(content: Particles())
    columns = Columns()
    givenJets = nil
    weights = []
    unreadableColumns = [:]
    self.source = source
    firstEventOfSource = 0
  }

  /// The number of events.
  public var eventCount: Int { eventNumbers.count }

  /// The number of particles of all events together.
  public var particleCount: Int { particles.content.momenta.energy.count }

  /// The first particle of each event, and the number of particles at the end: `[events + 1]`.
  public var offsets: [Int] {
    get { particles.offsets }
    _modify { yield &particles.offsets }
  }

  /// The four-momenta of all particles: `[particles]`.
  public var momenta: FourMomenta {
    get { particles.content.momenta }
    _modify { yield &particles.content.momenta }
  }

  /// Particle Data Group identifiers: `[particles]`, or empty if the input has none.
  public var pdgID: [Int32] {
    get { particles.content.pdgID }
    _modify { yield &particles.content.pdgID }
  }

  /// Whether given jets have an offset for each event and each of their columns a number for each jet.
  package var givenJetsFit: Bool {
    guard let jets = givenJets else { return true }
    return jets.offsets.count == eventCount + 1 && jets.offsets[0] == 0
      && zip(jets.offsets, jets.offsets.dropFirst()).allSatisfy(<=)
      && jets.content.sorted.allSatisfy {
        $0.column.width == 1 && $0.column.values.count == jets.offsets[eventCount]
      }
  }

  /// The particles of one event as a range into the particle arrays.
  public func particles(ofEvent event: Int) -> Range<Int> {
    particles.offsets[event]..<particles.offsets[event + 1]
  }

  /// The four-momentum of a particle, counted from the first of all events.
  public func momentum(ofParticle particle: Int) -> FourMomentum { particles.content.momenta[particle] }
}
