// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

extension HeadConformance {
  /// Compares derivatives of the mean loss along directions in the space of parameters with central differences:
  /// for each parameter of the head, and for those of each stage that it reads.
  func checkGradients() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let sample = try subject.sample(of: ConformanceEvents.ordinary)
    let gradients = try subject.pass(sample).gradients
    let groups = Self.groups(of: subject.model.network.layout)
    let scale = Self.norm(gradients)
    var generator = SeededGenerator(seed: 9)
    for (name, places) in groups {
      for _ in 0..<3 {
        var direction = [Float](repeating: 0, count: gradients.count)
        for place in places { direction[place] = Bool.random(using: &generator) ? 1 : -1 }
        let length = Self.norm(direction)
        for place in places { direction[place] /= Float(length) }
        let expected = places.reduce(0.0) { $0 + Double(gradients[$1]) * Double(direction[$1]) }
        try compare(subject, sample, direction, expected, scale: scale, name)
      }
    }
  }

  private func compare(
    _ subject: ConformanceSubject<H>, _ sample: ConformanceSample, _ direction: [Float], _ expected: Double,
    scale: Double, _ name: String
  ) throws {
    var nearest = Double.infinity
    // A step may cross the corner of a ReLU, and a small one drowns in rounding: one of them has to agree.
    for step in [0.03, 0.01, 0.003, 0.001] as [Float] {
      let ahead = try loss(subject, sample, direction, step)
      let behind = try loss(subject, sample, direction, -step)
      let difference = (ahead - behind) / (2 * Double(step))
      if abs(difference - expected) < abs(nearest - expected) { nearest = difference }
      if abs(nearest - expected) <= 0.02 * abs(expected) + 2e-3 * scale + 1e-5 { return }
    }
    throw ConformanceFailure(
      "Along a direction in \(name) the loss changes by \(nearest), and the gradient says \(expected): does an "
        + "operation of the head lose its gradient, or give a wrong one?")
  }

  private func loss(
    _ subject: ConformanceSubject<H>, _ sample: ConformanceSample, _ direction: [Float], _ step: Float
  ) throws -> Double {
    let parameters = Parameters(layout: subject.model.network.layout)
    parameters.assign(subject.model.parameters)
    var place = 0
    for entry in parameters.layout.entries {
      for i in entry.offset..<entry.offset + entry.count {
        parameters.values[i] += step * direction[place]
        place += 1
      }
    }
    return try subject.pass(sample, parameters: parameters).meanLoss
  }

  /// The places in the gradients of each parameter of the head, and of each stage before it.
  private static func groups(of layout: ParameterLayout) -> [(name: String, places: [Int])] {
    var groups: [(name: String, places: [Int])] = []
    var first = 0
    for entry in layout.entries {
      defer { first += entry.count }
      // Running statistics are no gradient.
      guard entry.isLearnt else { continue }
      let stage = entry.name.split(separator: ".").first.map(String.init) ?? entry.name
      let name = stage == "heads" ? entry.name : "the parameters of \(stage)"
      if groups.last?.name != name { groups.append((name, [])) }
      groups[groups.count - 1].places += first..<first + entry.count
    }
    return groups
  }

  private static func norm(_ numbers: [Float]) -> Double {
    numbers.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
  }
}
