// SPDX-License-Identifier: GPL-3.0-or-later

extension Events {
  /// Checks that the arrays belong together: offsets that start at 0, never decrease and end at the number of
  /// particles, and as many of each component as of energies.
  ///
  /// - Throws: ``JetPhysicsError`` that names the array that does not fit.
  /// - Complexity: O(events).
  public func checkShape() throws {
    // Sentences are made only if they are needed, as every batch is checked.
    func require(_ holds: Bool, _ field: String, _ problem: @autoclosure () -> String) throws {
      if !holds { throw JetPhysicsError(field: field, problem: problem()) }
    }
    func requireAll(_ field: String, _ count: Int) throws {
      try require(
        count == particleCount, field,
        "There are \(count) values of \(field) but \(particleCount) of energy: give one for each particle.")
    }
    try requireAll("px", momenta.px.count)
    try requireAll("py", momenta.py.count)
    try requireAll("pz", momenta.pz.count)
    try require(
      offsets.count == eventCount + 1 && offsets[0] == 0 && offsets[eventCount] == particleCount, "offsets",
      "The event offsets must be one more than the events, the first 0 and the last the number of particles.")
    for event in 0..<eventCount where offsets[event] > offsets[event + 1] {
      throw JetPhysicsError(
        event: eventNumbers[event], field: "offsets",
        problem: "Event \(eventNumbers[event]) ends before it starts: the event offsets must not decrease.")
    }
  }
}
