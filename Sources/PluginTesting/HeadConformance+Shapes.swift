// SPDX-License-Identifier: GPL-3.0-or-later

import CanopyModel
import PluginKit

extension HeadConformance {
  func checkInputs() throws {
    let head = try ConformanceSubject<H>(example, plugins).head
    try ConformanceFailure.require(
      !head.inputs.isEmpty, "The head names no inputs, so that it can predict nothing from the event.")
  }

  func checkShapes() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let head = subject.head
    var claimed: [ParameterID: String] = [:]
    try head.checkObjectives(
      in: subject.model.network.layout, claimed: &claimed, name: ConformanceSubject<H>.headName)
    let names = head.outputs.map(\.name)
    try ConformanceFailure.require(!names.isEmpty, "The head names no outputs.")
    try ConformanceFailure.requireUsableNames(of: head.outputs, as: "output", "outputs")
    let width = head.outputs.reduce(0) { $0 + $1.width }
    let ordinary = ConformanceEvents.ordinary
    let empty = ConformanceEvents.extreme.events(at: 0..<1)
    for (events, description) in [
      (ordinary.events(at: 0..<0), "no event"), (empty, "one event without jets"),
      (ConformanceEvents.extreme.events(at: 1..<2), "one event of one jet"), (ordinary, "many events"),
    ] {
      let pass = try subject.pass(subject.sample(of: events))
      let place = "for \(description), \(pass.rows) \(head.rows.rawValue)"
      try ConformanceFailure.require(
        pass.result.rows == pass.rows, "The forward pass gives \(pass.result.rows) rows \(place).")
      try ConformanceFailure.require(
        pass.loss.rows == pass.rows && pass.loss.columns == 1,
        "The loss is \(pass.loss.rows) × \(pass.loss.columns) \(place): it has one number for each row.")
      try ConformanceFailure.require(
        pass.outputs.rows == pass.rows && pass.outputs.columns == width,
        "The outputs are \(pass.outputs.rows) × \(pass.outputs.columns) \(place): the widths of "
          + "\(names.joined(separator: ", ")) add up to \(width).")
    }
  }

  func checkFiniteness() throws {
    let subject = try ConformanceSubject<H>(example, plugins)
    let extreme = ConformanceEvents.extreme
    for events in [ConformanceEvents.ordinary]
      + (0..<extreme.eventCount).map({ extreme.events(at: $0..<$0 + 1) })
    {
      let pass = try subject.pass(subject.sample(of: events))
      for (name, numbers) in [
        ("outputs", pass.outputs.values), ("loss", pass.loss.values), ("gradients", pass.gradients),
      ] {
        try ConformanceFailure.require(
          numbers.allSatisfy(\.isFinite),
          "The \(name) are not finite for an event of these particles: \(ConformanceEvents.momenta(of: events))."
        )
      }
    }
  }
}
