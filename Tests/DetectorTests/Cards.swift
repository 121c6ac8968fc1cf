// SPDX-License-Identifier: GPL-3.0-or-later

import Detector
import EventData
import Foundation
import Settings

/// Cards and events for tests.
enum Cards {
  /// A card without a field, with a perfect tracker and cells that smear nothing.
  static let ideal = """
    field: {radius: 1.2, half-length: 3.0, strength: 0}
    ecal: {cells: [{max-abs-eta: 3, eta-size: 0.05, phi-size: 0.05}], smear-centre: false}
    hcal: {cells: [{max-abs-eta: 3, eta-size: 0.1, phi-size: 0.1}], smear-centre: false}
    """

  /// A card in YAML with settings over it.
  static func detector(_ text: String = ideal, _ settings: String...) throws -> Detector {
    let node = try settings.reduce(ConfigurationNode(yaml: text, source: "card.yaml")) { try $0.setting($1) }
    return try Detector(node.decode(DetectorCard.self))
  }

  /// The path of a card that Canopy ships.
  static func path(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Resources/Detectors/\(name).yaml").standardizedFileURL
  }

  /// A particle of an identifier, transverse momentum, pseudorapidity, azimuth and mass.
  static func momentum(pt: Double, eta: Double, phi: Double, mass: Double = 0) -> FourMomentum {
    let pz = pt * sinh(eta)
    return FourMomentum(
      px: pt * cos(phi), py: pt * sin(phi), pz: pz, energy: (pt * pt + pz * pz + mass * mass).squareRoot())
  }

  /// Events of particles of some kinds in all directions, some of which are displaced.
  static func events(_ count: Int, particles: Int = 60) throws -> Events {
    // Numbers without pattern, as multiples of irrational ones.
    func fraction(_ place: Int, _ step: Double) -> Double {
      (Double(place) * step).truncatingRemainder(dividingBy: 1)
    }
    let kinds: [(Int32, Double)] = [
      (211, 0.1396), (-211, 0.1396), (22, 0), (130, 0.4976), (11, 0.0005), (-13, 0.1057), (2212, 0.9383),
      (310, 0.4976),
      (2112, 0.9396), (321, 0.4937), (22, 0), (22, 0),
    ]
    var events = Events(source: "generated")
    for event in 0..<count {
      let places = (event * particles)..<((event + 1) * particles)
      try events.append(
        places.map { place in
          momentum(
            pt: 0.3 + 30 * pow(fraction(place, 0.618033988749), 3),
            eta: 5 * fraction(place, 0.414213562373) - 2.5,
            phi: 2 * .pi * fraction(place, 0.732050807568), mass: kinds[place % kinds.count].1)
        }, pdgID: places.map { kinds[$0 % kinds.count].0 },
        particleColumns: [
          "vertex_x": places.map { $0 % 7 == 0 ? 2 * fraction($0, 0.236067977499) : 0 },
          "vertex_y": places.map { $0 % 7 == 0 ? 1 - fraction($0, 0.645751311064) : 0 },
          "vertex_z": places.map { $0 % 7 == 0 ? 3 : 0.5 },
        ], columns: ["label": [Double(event % 2)]])
    }
    return events
  }
}

extension Events {
  /// The numbers of a column of particles.
  func column(_ name: String) -> [Double] { particles.content.columns[name]?.values ?? [] }
}
