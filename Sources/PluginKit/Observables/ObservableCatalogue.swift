// SPDX-License-Identifier: GPL-3.0-or-later

import Support

/// Where the observables that a network reads come from: those that a user declared, and the plugins there are.
public struct ObservableCatalogue: Sendable {
  /// The observables that are declared by name.
  public var declared: [ObservableChoice]
  /// The plugins; a name that is not declared is that of a plugin with its defaults.
  public var plugins: PluginRegistry

  /// Declared observables, none unless given, and plugins.
  public init(_ declared: [ObservableChoice] = [], plugins: PluginRegistry = PluginRegistry()) {
    self.declared = declared
    self.plugins = plugins
  }

  /// Whether the name of a column is that of an observable that is declared, or of a plugin, with a quantity.
  public func knows(_ column: String) -> Bool {
    guard let slash = column.firstIndex(of: "/") else { return false }
    let name = String(column[..<slash])
    return declared.contains { $0.name == name } || plugins.origin(ofObservable: name) != nil
  }

  /// The observables that columns of these names belong to.
  ///
  /// - Parameter columns: names of columns, such as `soft-drop/mass`.
  /// - Returns: the observables, each once.
  /// - Throws: ``PluginError`` that names the nearest if there is no such observable or quantity.
  public func observables(for columns: Set<String>) throws -> ObservableSet {
    var set = ObservableSet()
    for column in columns.sorted() {
      let parts = column.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      guard parts.count == 2 else {
        throw PluginError("“\(column)” names no number of an observable: write OBSERVABLE/QUANTITY.")
      }
      try set.add(choice(parts[0]))
      _ = try set.column(column)
    }
    return set
  }

  /// The observables that those columns that the catalogue knows belong to, whether or not there are such quantities.
  ///
  /// - Throws: ``PluginError`` if an observable has settings without defaults.
  package func observables(knownOf columns: Set<String>) throws -> ObservableSet {
    var set = ObservableSet()
    for column in columns.sorted() where knows(column) {
      try set.add(choice(String(column.prefix { $0 != "/" })))
    }
    return set
  }

  private func choice(_ name: String) throws -> ObservableChoice {
    if let choice = declared.first(where: { $0.name == name }) { return choice }
    if plugins.origin(ofObservable: name) == nil, let nearest = name.nearest(among: declared.map(\.name)) {
      throw PluginError("There is no observable \(name); did you mean \(nearest)?")
    }
    return try ObservableChoice(name, plugins.observable(name))
  }
}
