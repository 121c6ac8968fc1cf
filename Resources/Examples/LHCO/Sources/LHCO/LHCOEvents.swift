// SPDX-License-Identifier: GPL-3.0-or-later

import EventIO
import PluginKit

/// Reads the text of the LHC Olympics, in which PGS, Delphes and MadGraph write reconstructed objects.
///
/// The line `0 number trigger` begins an event; each line after it is an object. See
/// http://madgraph.phys.ucl.ac.be/Manual/lhco.html and arXiv:1510.07319.
public struct LHCOEvents: EventFormat {
  public let name = "lhco"
  public let title = "LHCO"
  public let example = Array(
    """
    #  typ   eta    phi     pt   jmas  ntrk  btag  had/em  dum1  dum2
    0  7  2563
    1  2  -1.219  4.739  449.95   0.11   1.0  0.0  12.15  0  0
    2  4  -1.729  1.557  687.76  92.46  37.0  2.0   4.41  0  0
    3  6   0.000  3.014   97.38   0.00   0.0  0.0   0.00  0  0
    0  8  3585
    1  0   0.421  0.213   61.40   0.00   0.0  0.0   0.01  0  0

    """.utf8)

  /// What the numbers of an object are called.
  static let fields = ["#", "typ", "eta", "phi", "pt", "jmas", "ntrk", "btag", "had/em"]

  public init() {}

  /// Whether there is the line with the titles of the columns.
  public func matches(_ start: FileStart) -> Bool {
    start.lines.contains { line in
      line.split(whereSeparator: \.isWhitespace).map(String.init).starts(with: Self.fields[..<4])
    }
  }

  public func open(_ input: EventSource) throws -> any EventReader { LHCOReader(input) }
}

private final class LHCOReader: ParsingEventReader {
  /// The numbers of a line, nil for what is none.
  private typealias Line = (number: Int, fields: [Double?])

  private let input: EventSource
  private var nextEvent: Int
  /// The line that begins the next event, if it has been read already.
  private var first: Line?

  init(_ input: EventSource) { (self.input, nextEvent) = (input, input.firstEvent) }

  func skip(_ count: Int) throws -> Int {
    for skipped in 0..<count {
      guard try nextLines() != nil else { return skipped }
    }
    return count
  }

  func read(upTo count: Int, onBadEvent: (EventInputError) throws -> Void) throws -> Events? {
    var batch = Events(source: input.source)
    var considered = 0
    while considered < count, !batch.isFull(input.options.limits), let lines = try nextLines() {
      considered += 1
      do { try add(lines, to: &batch) } catch let error as EventInputError { try onBadEvent(error) }
    }
    return considered == 0 ? nil : batch
  }

  /// The lines of the next event; nil at the end. Of objects that are too many to be read, one is kept.
  private func nextLines() throws -> [Line]? {
    var lines = first.map { [$0] } ?? []
    first = nil
    while first == nil, let text = try input.bytes.nextLine() {
      var fields: [Double?] = []
      TextNumber.forEachField(of: text) { _, field in fields.append(TextNumber.decimal(field)) }
      if fields.isEmpty || text.first(where: { $0 > 0x20 }) == UInt8(ascii: "#") { continue }
      let line = (input.bytes.lineNumber, fields)
      if fields[0] == 0, !lines.isEmpty {
        first = line
      } else if lines.count <= input.options.limits.particlesOfEvent + 1 {
        lines.append(line)
      }
    }
    nextEvent += lines.isEmpty ? 0 : 1
    return lines.isEmpty ? nil : lines
  }

  /// Adds an event, or throws what is wrong with it.
  private func add(_ lines: [Line], to batch: inout Events) throws {
    func error(_ line: Line, _ problem: String, field: String? = nil) -> EventInputError {
      EventInputError(
        source: input.source, event: nextEvent - 1, line: line.number, field: field, problem: problem)
    }
    guard lines[0].fields.count == 3, lines[0].fields[0] == 0, let number = lines[0].fields[1],
      let trigger = lines[0].fields[2]
    else { throw error(lines[0], "does not begin an event; write 0, its number and its trigger word") }
    var columns = ["number": [number], "trigger": [trigger], "met": [.nan], "met_phi": [.nan]]
    var particles: [String: [Double]] = ["ntrk": [], "btag": [], "had_em": []]
    var pdgID: [Int32] = []
    var momenta: [FourMomentum] = []
    for line in lines.dropFirst() {
      guard line.fields.count >= LHCOEvents.fields.count else {
        throw error(line, "has too few fields; write \(LHCOEvents.fields.joined(separator: " "))")
      }
      let numbers = try zip(line.fields, LHCOEvents.fields).map { value, name in
        guard let value else { throw error(line, "is no number; write one, such as 0", field: name) }
        return value
      }
      let (eta, phi, pt, mass) = (numbers[2], numbers[3], numbers[4], numbers[5])
      let layout = MomentumLayout.cylindricalMass
      if let (component, problem) = layout.problem(in: [[pt], [eta], [phi], [mass]], 0..<1) {
        throw error(line, problem, field: ["pt", "eta", "phi", "jmas"][component])
      }
      if numbers[1] == 6 {
        (columns["met"], columns["met_phi"]) = ([pt], [phi])
        continue
      }
      // A photon, electron, muon, tau or jet; the sign of ntrk is that of the charge.
      guard let identifier = [0: 22, 1: 11, 2: 13, 3: 15, 4: 0][numbers[1]] as Int32? else {
        throw error(line, "is \(numbers[1]); an object has one of 0, 1, 2, 3, 4 and 6", field: "typ")
      }
      momenta.append(layout.momentum(pt, eta, phi, mass))
      pdgID.append((1...3).contains(numbers[1]) && numbers[6] > 0 ? -identifier : identifier)
      for (name, place) in [("ntrk", 6), ("btag", 7), ("had_em", 8)] {
        particles[name]!.append(numbers[place])
      }
    }
    try batch.append(
      momenta, pdgID: pdgID, particleColumns: particles, columns: columns, number: nextEvent - 1)
  }
}
