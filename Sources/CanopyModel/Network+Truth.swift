// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension Network.NamedHead {
  /// The truth columns that are read from files: those that the head does not derive and that are no numbers of
  /// observables.
  public var fileTruthColumns: [String] {
    let columns = head.fileTruthColumns
    return observedTruth.isEmpty ? columns : columns.filter { !observedTruth.contains($0) }
  }
}

extension Network {
  /// The observables of stages, heads and cuts, and those that are truth.
  ///
  /// - Throws: `PluginError` if two of the same name differ, which a network's do not.
  public var allObservables: ObservableSet {
    get throws {
      var all = observables
      try all.formUnion(truthObservables)
      return all
    }
  }

  /// The columns of events that heads have as truth.
  public var truthColumns: Set<String> {
    heads.reduce(into: []) { columns, named in
      if named.head.rows == .jets || named.head.rows == .events { columns.formUnion(named.fileTruthColumns) }
    }
  }

  /// Those of ``truthColumns`` that heads on jets alone have as truth.
  var jetTruthColumns: Set<String> {
    heads.reduce(into: truthColumns) { columns, named in
      if named.head.rows == .events { columns.subtract(named.fileTruthColumns) }
    }
  }

  /// Whether a head has truth of given jets.
  public var readsGivenJets: Bool {
    jetTruthColumns.contains { $0.hasPrefix(EventTruth.givenJetPrefix) }
  }

  /// The names of the classes of heads that tell classes apart by one column, by the column: each list once.
  var classesOfTruth: [String: [[String]]] {
    heads.reduce(into: [:]) { lists, named in
      guard let own = (named.head as? any ScoringHead)?.classification, own.truthColumns.count == 1
      else { return }
      let column = own.truthColumns[0]
      if lists[column]?.contains(own.classes) != true { lists[column, default: []].append(own.classes) }
    }
  }

  /// The columns of particles that heads on constituents have as truth.
  public var constituentTruthColumns: Set<String> {
    heads.reduce(into: []) { columns, named in
      if named.head.rows == .constituents { columns.formUnion(named.fileTruthColumns) }
    }
  }

  /// What heads have as truth, whose rows have the numbers or belong to what has.
  ///
  /// - Throws: ``ModelError``, without a full stop, if there is no such number, or it is one of other rows.
  static func truthObservables(
    _ heads: [NamedHead], _ catalogue: ObservableCatalogue
  ) throws -> ObservableSet {
    var set = ObservableSet()
    for named in heads {
      do {
        try set.formUnion(catalogue.observables(for: named.observedTruth))
        for name in named.observedTruth.sorted() {
          let rows = try set.column(name).rows
          guard rows.canBeSpread(over: named.head.rows) else {
            throw PluginError(
              "its truth \(name) is a number of \(rows.rawValue), of which \(named.head.rows.rawValue) have none or several"
            )
          }
        }
      } catch let error as PluginError {
        throw ModelError("the head \(named.name): \(error.clause)")
      }
    }
    return set
  }
}

extension HeadRows {
  /// Whether each of other rows belongs to one of these.
  func canBeSpread(over rows: HeadRows) -> Bool {
    switch self {
    case .events: true
    case .jets: rows != .events
    case .constituents, .splittings: rows == self
    }
  }
}
