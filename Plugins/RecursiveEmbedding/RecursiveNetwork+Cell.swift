// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Synchronization

extension RecursiveNetwork {
  /// A cell by its name: `simple`, `gated`, or one that was registered.
  public struct Cell: RawRepresentable, CaseIterable, Codable, Hashable, Sendable {
    let type: any RecursiveCell.Type

    /// One layer.
    public static let simple = Cell(SimpleCell.self)
    /// A reset gate, and a choice between the new state and the old ones, component by component.
    public static let gated = Cell(GatedCell.self)

    private static let registered = Mutex<[Cell]>([.simple, .gated])

    private init(_ type: any RecursiveCell.Type) { self.type = type }

    /// The cell of a name; nil if none of this name was registered.
    public init?(rawValue: String) {
      guard let cell = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
      self = cell
    }

    /// The name.
    public var rawValue: String { type.name }

    /// The cells that are known, in the order in which they were registered.
    public static var allCases: [Cell] { registered.withLock { $0 } }

    /// Makes a cell known to all configurations and models of the program.
    ///
    /// - Throws: ``RecursiveCellError`` if another cell has its name.
    @discardableResult
    public static func register(_ type: any RecursiveCell.Type) throws -> Cell {
      try registered.withLock { cells in
        let name = type.name
        guard let known = cells.first(where: { $0.rawValue == name }) else {
          cells.append(Cell(type))
          return cells[cells.count - 1]
        }
        guard known.type == type else { throw RecursiveCellError(name: name) }
        return known
      }
    }

    /// Reads a name.
    ///
    /// - Throws: `DecodingError` that lists the known cells, if none of them has the name.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let name = try container.decode(String.self)
      guard let cell = Cell(rawValue: name) else {
        let known = Self.allCases.map(\.rawValue).joined(separator: ", ")
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "no recursive cell is called “\(name)”; the known ones are \(known)")
      }
      self = cell
    }

    /// Writes the name.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode(rawValue)
    }

    /// Whether two cells have the same name.
    public static func == (left: Cell, right: Cell) -> Bool { left.rawValue == right.rawValue }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  }
}

/// Two cells of one name.
public struct RecursiveCellError: Error, CustomStringConvertible {
  /// The name.
  public let name: String

  /// What is wrong, in a sentence.
  public var description: String {
    "A recursive cell called “\(name)” is registered already; give the other one another name."
  }
}

extension PluginRegistry {
  /// Makes a recursive cell known, for libraries that bring one: `cell: NAME` in configurations and models.
  ///
  /// - Throws: `PluginError` if another cell has its name.
  public mutating func register(_ cell: any RecursiveCell.Type) throws {
    do {
      try RecursiveNetwork.Cell.register(cell)
    } catch let error as RecursiveCellError {
      throw PluginError(error.description)
    }
    note(part: "cell", cell.name)
  }
}
