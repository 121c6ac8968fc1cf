// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics
import Testing

@Suite struct EventSelectionTests {
  @Test func anEventReplacesAnother() {
    var first = hadronEvents(5, seed: 7)
    first.columns = [
      "label": Column(values: [0, 1, 2, 3, 4]),
      "truth": Column(width: 2, values: (0..<10).map(Double.init)),
    ]
    var second = hadronEvents(3, seed: 8)
    second.pdgID = (0..<second.particleCount).map { Int32($0) }
    second.columns = ["truth": Column(values: [7, 8, 9]), "mass": Column(values: [1, 2, 3])]
    second.source = "second"
    var third = hadronEvents(1, seed: 9)
    third.columns = ["mass": Column(values: [4])]
    var event = Events()
    for batch in [first, second, third, first, Events([[]], firstNumber: 3)] {
      for place in 0..<batch.eventCount {
        event.replace(withEvent: place, of: batch)
        #expect(event == batch.events(at: [place]))
      }
    }
  }
}
