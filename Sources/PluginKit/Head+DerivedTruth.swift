// SPDX-License-Identifier: GPL-3.0-or-later

extension Head {
  /// None.
  public var derivedTruthColumns: Set<String> { [] }

  /// None.
  public var optionalTruthColumns: Set<String> { [] }

  /// Nothing.
  public func derivedTruth(of events: Events, jets: Jets) throws -> [String: [Float]] { [:] }

  /// The truth columns that the head does not derive: columns of files, or numbers of observables.
  package var fileTruthColumns: [String] {
    let derived = derivedTruthColumns
    return derived.isEmpty ? truthColumns : truthColumns.filter { !derived.contains($0) }
  }

  /// Throws unless each derived truth column is a truth column.
  ///
  /// - Throws: ``PluginError``.
  package func checkTruthColumns() throws {
    if let column = derivedTruthColumns.subtracting(truthColumns).sorted().first {
      throw PluginError(
        "The plugin \(Self.identifier) derives the truth column \(column), which is not among its truth columns: "
          + "mend the plugin.")
    }
  }

  /// What the head derives of some events, after a look at its names and lengths.
  ///
  /// - Parameters:
  ///   - events: the events.
  ///   - jets: their jets.
  ///   - name: the name that the user gave the head.
  /// - Returns: the values of each derived column by its name: `[rows]` each.
  /// - Throws: ``PluginError`` if there are other columns than declared or other than one value for each row, and what
  ///   the head throws.
  package func checkedDerivedTruth(of events: Events, jets: Jets, name: String) throws -> [String: [Float]] {
    let derived = try derivedTruth(of: events, jets: jets)
    let declared = derivedTruthColumns
    guard Set(derived.keys) == declared else {
      let names = derived.keys.sorted().joined(separator: ", ")
      throw PluginError(
        "The head \(name) derives \(names.isEmpty ? "no truth" : "the truth columns \(names)"), but its list of derived "
          + "truth columns is \(declared.sorted().joined(separator: ", ")): mend the plugin \(Self.identifier)."
      )
    }
    let count = jets.count(of: rows)
    for (column, values) in derived.sorted(by: { $0.key < $1.key }) where values.count != count {
      throw PluginError(
        "The head \(name) derives \(values.count) values of \(column) for \(count) \(rows.rawValue): mend the plugin "
          + "\(Self.identifier).")
    }
    return derived
  }
}
