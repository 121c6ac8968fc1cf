// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import JetPhysics
import Settings
import Support

/// Which given jet goes with each jet that is found, so that jets have truth of their own.
///
/// Each given jet goes with at most one jet. A jet that none goes with has no truth.
///
/// ```swift
/// var matching = JetMatching()
/// matching.radius = 0.2
/// let given = try matching.givenJets(for: jets, in: events)
/// ```
public struct JetMatching: SettingsSection, Encodable, Equatable {
  /// How given jets are matched.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// The pair with the smallest distance goes together first, then that of those that are left, up to a largest distance.
    case deltaR = "delta-r"
    /// The k-th jet by falling pT goes with the k-th given jet of the file.
    case order
    /// A column of particles says which given jet each belongs to, and a jet goes with that which most of its pT is of.
    case index
  }

  /// How given jets are matched.
  public var method = Method.deltaR
  /// The largest distance of a jet and its given jet, for a match by distance; nil for 0.3.
  public var radius: Double?
  /// The column of particles that has the place of each particle's given jet in its event, for a match by index; nil for `jet`.
  public var column: String?

  private static let defaultRadius = 0.3
  private static let defaultColumn = "jet"

  /// By distance, up to 0.3.
  public init() {}

  /// A method alone, such as `order`.
  public static let shorthand: String? = "match"

  /// The settings, in the order of tables.
  public static let settings: [Setting<JetMatching>] = [
    Setting(
      "match", \.method,
      "`delta-r`: the nearest pairs of jets and given jets, by the columns `phi` and `rapidity`, or `eta`, of given jets; "
        + "`order`: the k-th jet by falling pT and the k-th given jet; `index`: the given jet that most of a jet's pT is of, as a "
        + "column of particles says"),
    Setting(
      "radius", \.radius, .positive, "with `delta-r`: the largest distance ΔR of a pair",
      default: "\(defaultRadius)"),
    Setting(
      "column", \.column,
      "with `index`: the column of particles that has the place of each particle's given jet in the event, counted from 0; negative or "
        + "NaN for none", default: "`\(defaultColumn)`"),
  ]

  /// Makes sure that the settings go together.
  public func check(given: Set<String>) throws {
    for (key, owner) in [("radius", Method.deltaR), ("column", .index)]
    where given.contains(key) && method != owner {
      throw SettingProblem(key, "means nothing with match: \(method.rawValue); leave it out")
    }
  }

  /// The column of particles that is read; nil if none is.
  package var particleColumn: String? { method == .index ? column ?? Self.defaultColumn : nil }

  /// The given jet of each jet, counted from the first of all events, or nil: `[jets]`.
  ///
  /// - Parameters:
  ///   - jets: the jets that were found, by falling pT in each event.
  ///   - events: their events.
  /// - Returns: the places of the given jets; nil for a jet that none goes with.
  /// - Throws: ``SampleError`` that names the file, and the event if one is to blame, if given jets have no axes, or
  ///   particles do not say which given jet they belong to.
  public func givenJets(for jets: Jets, in events: Events) throws -> [Int?] {
    guard let given = events.givenJets else { return Array(repeating: nil, count: jets.jetCount) }
    switch method {
    case .order:
      return (0..<jets.eventCount).flatMap { event in
        let candidates = given.range(of: event)
        return jets.jets(ofEvent: event).indices.map { place in
          let rank = place - jets.offsets[event]
          return rank < candidates.count ? candidates.lowerBound + rank : nil
        }
      }
    case .deltaR: return try nearest(jets, given, events)
    case .index: return try owners(jets, given, events)
    }
  }

  // MARK: - By distance

  private func nearest(_ jets: Jets, _ given: Ragged<Columns>, _ events: Events) throws -> [Int?] {
    let radius = radius ?? Self.defaultRadius
    var matches: [Int?] = Array(repeating: nil, count: jets.jetCount)
    guard given.offsets[given.count] > 0 else { return matches }
    let (phi, along, areRapidities) = try axes(of: given, events)
    var pairs: [(distance: Double, jet: Int, given: Int)] = []
    var isTaken = Array(repeating: false, count: given.offsets[given.count])
    for event in 0..<jets.eventCount {
      pairs.removeAll(keepingCapacity: true)
      for jet in jets.jets(ofEvent: event) {
        let momentum = jets.momentum(ofJet: jet)
        let own = areRapidities ? momentum.rapidity : momentum.pseudorapidity
        for candidate in given.range(of: event) {
          let difference = (phi[candidate] - momentum.phi).remainder(dividingBy: 2 * .pi)
          let distance = ((along[candidate] - own) * (along[candidate] - own) + difference * difference)
            .squareRoot()
          if distance <= radius { pairs.append((distance, jet, candidate)) }
        }
      }
      pairs.sort { ($0.distance, $0.jet, $0.given) < ($1.distance, $1.jet, $1.given) }
      for pair in pairs where matches[pair.jet] == nil && !isTaken[pair.given] {
        matches[pair.jet] = pair.given
        isTaken[pair.given] = true
      }
    }
    return matches
  }

  private func axes(
    of given: Ragged<Columns>, _ events: Events
  ) throws -> (phi: [Double], along: [Double], areRapidities: Bool) {
    func values(_ name: String) throws -> [Double]? {
      guard let column = given.content[name] else { return nil }
      guard column.categories == nil else {
        throw SampleError(
          "\(events.source): jet/\(name) is text, but given jets are matched by its numbers; write numbers, or choose jet-truth: "
            + "order.")
      }
      return column.values
    }
    let rapidity = try values("rapidity")
    guard let phi = try values("phi"), let along = try rapidity ?? values("eta") else {
      throw SampleError(
        "\(events.source): the given jets have no columns phi and rapidity, or phi and eta, by which they are matched; their columns "
          + "are: \(given.content.names.joined(separator: ", ")). Write these, or choose jet-truth: order.")
    }
    return (phi, along, rapidity != nil)
  }

  // MARK: - By what particles say

  private func owners(_ jets: Jets, _ given: Ragged<Columns>, _ events: Events) throws -> [Int?] {
    var matches: [Int?] = Array(repeating: nil, count: jets.jetCount)
    guard jets.jetCount > 0 else { return matches }
    let column = particleColumn!
    let places = try places(column, events)
    for event in 0..<jets.eventCount {
      let candidates = given.range(of: event)
      /// The jet that has the most pT of each given jet, and how much.
      var best: [Int: (jet: Int, pt: Double)] = [:]
      for jet in jets.jets(ofEvent: event) {
        var pt = Array(repeating: 0.0, count: candidates.count)
        var ptOfNone = 0.0
        for constituent in jets.constituents[jet] {
          let particle = events.offsets[event] + Int(constituent)
          let place = places[particle]
          guard place >= 0 else {
            ptOfNone += events.momentum(ofParticle: particle).pt
            continue
          }
          guard let index = Int(exactly: place), candidates.count > index else {
            throw SampleError(
              "\(events.source), event \(events.eventNumbers[event] - events.firstEventOfSource): \(column) is \(place.text) for a "
                + "particle, but there are \(candidates.count) given jets, counted from 0; write -1 for a particle of none."
            )
          }
          pt[index] += events.momentum(ofParticle: particle).pt
        }
        guard let index = pt.indices.max(by: { pt[$0] < pt[$1] }), pt[index] > ptOfNone else { continue }
        if best[index].map({ $0.pt < pt[index] }) ?? true { best[index] = (jet, pt[index]) }
      }
      for (index, owner) in best { matches[owner.jet] = candidates.lowerBound + index }
    }
    return matches
  }

  private func places(_ column: String, _ events: Events) throws -> [Double] {
    guard let places = events.particles.content.numbers(column) else {
      throw SampleError(
        "\(events.source): the particles have no column \(column) of one number, which says which given jet each belongs to; "
          + "write it, or choose another way under jet-truth.")
    }
    return places
  }

  /// Makes sure that events have what their given jets are matched by.
  ///
  /// - Throws: ``SampleError`` that names what is not there.
  func check(_ events: Events) throws {
    guard let given = events.givenJets, !given.content.isEmpty else { return }
    switch method {
    case .order: break
    case .deltaR: _ = try axes(of: given, events)
    case .index: _ = try places(particleColumn!, events)
    }
  }
}
