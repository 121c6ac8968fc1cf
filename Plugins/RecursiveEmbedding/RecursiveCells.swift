// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Support

extension RecursiveNetwork {
  /// A cell, which configurations and models know by its name: `simple`, `gated`, or that of a plugin.
  public struct Cell: Codable, Hashable, Sendable, CustomStringConvertible {
    /// What the cell computes.
    public let type: any RecursiveCell.Type

    /// One layer.
    public static let simple = Cell(SimpleCell.self)
    /// A reset gate, and a choice between the new state and the old ones, component by component.
    public static let gated = Cell(GatedCell.self)

    /// The cell of a type, registered or not.
    public init(_ type: any RecursiveCell.Type) { self.type = type }

    /// The name.
    public var name: String { type.name }

    /// One sentence that says what the cell does.
    public var summary: String { type.summary }

    /// The name.
    public var description: String { name }

    /// Reads a name, with the plugins of the decoder; without any, the built-in cells are known.
    ///
    /// - Throws: `DecodingError` that lists the known cells and says how to get others, if none of them has the name.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let name = try container.decode(String.self)
      let cells = (decoder.userInfo[.plugins] as? PluginRegistry)?.recursiveCells ?? .builtIn
      guard let cell = cells[name] else {
        throw DecodingError.dataCorruptedError(in: container, debugDescription: cells.absence(of: name))
      }
      self = cell
    }

    /// Writes the name.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(name)
    }

    /// Whether two cells have the same name.
    public static func == (left: Cell, right: Cell) -> Bool { left.name == right.name }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
  }
}

/// The recursive cells that a program knows.
///
/// ```swift
/// var cells = RecursiveCells.builtIn
/// try cells.register(MeanCell.self)
/// let cell = cells["mean"]
/// ```
public struct RecursiveCells: Sendable {
  /// All cells, in the order in which they were registered.
  public private(set) var all: [RecursiveNetwork.Cell]

  /// The cells that come with Canopy.
  public static let builtIn = RecursiveCells(all: [.simple, .gated])

  /// Makes a cell known.
  ///
  /// - Throws: `PluginError` if the name is taken by another cell, or does not serve as one.
  public mutating func register(_ type: any RecursiveCell.Type) throws {
    let name = type.name
    guard PluginRegistry.isName(name) else {
      throw PluginError("“\(name)” is no name of a recursive cell: use letters, digits and hyphens.")
    }
    guard self[name] == nil else {
      throw PluginError(
        "There is a recursive cell \(name) already: give this one another name, or leave one out.")
    }
    all.append(RecursiveNetwork.Cell(type))
  }

  /// The names of all cells, in the same order.
  public var names: [String] { all.map(\.name) }

  /// The cells as a table in Markdown: the name of each, and what it does.
  public var table: String {
    (["| Cell | What it does |", "|---|---|"]
      + all.map { "| `\($0.name)` | \($0.summary.replacing("|", with: "\\|")) |" })
      .joined(separator: "\n")
  }

  /// The cell of a name; nil if there is none.
  public subscript(name: String) -> RecursiveNetwork.Cell? { all.first { $0.name == name } }

  /// What to say of a name that no cell has.
  func absence(of name: String) -> String {
    let suggestion = name.nearest(among: names).map { "; did you mean \($0)?" } ?? ""
    return
      "there is no recursive cell \(name) here: load its library by --plugin PATH or CANOPY_PLUGIN_PATH; the "
      + "cells here are: \(names.joined(separator: ", "))\(suggestion)"
  }
}

extension PluginRegistry {
  private static let cellKind = "recursive cell"

  /// The recursive cells that the program knows: the built-in ones, and those that were registered.
  public var recursiveCells: RecursiveCells { self[RecursiveCells.self] ?? .builtIn }

  /// Makes a recursive cell known: `cell: NAME` in configurations and models.
  ///
  /// - Throws: `PluginError` if the name is taken by another cell, or does not serve as one.
  public mutating func register(_ cell: any RecursiveCell.Type) throws {
    var cells = recursiveCells
    try cells.register(cell)
    self[RecursiveCells.self] = cells
    note(part: Self.cellKind, cell.name)
  }

  /// Where the recursive cell of a name comes from; nil if there is none.
  public func origin(ofRecursiveCell name: String) -> PluginOrigin? {
    recursiveCells[name].map { _ in origin(ofPart: Self.cellKind, name) ?? .builtIn }
  }
}
