// SPDX-License-Identifier: GPL-3.0-or-later

import JetPhysics

/// The jets that an HDF5 file itself has: `/jet/offset` `[events + 1]` and datasets `/jet/NAME` `[jets]`, or, without an offset,
/// `/jet/NAME` `[events × k]`, of which those are jets that an optional `/jet/mask` `[events × k]` says, or those with a
/// `/jet/pt` other than 0 and NaN, or those that have any number or text.
///
/// What is wrong with them is an error only for those who need them. Every use is inside `HDF5.locked`.
struct HDF5GivenJets {
  private let offset: HDF5Dataset?
  private let mask: HDF5Dataset?
  private let columns: [(name: String, dataset: HDF5Dataset)]
  /// Why further datasets are no columns, as `jet/NAME`.
  let unreadableColumns: [String: String]
  private let limits: ReadingLimits

  /// Opens the datasets, or is nil if the file has none.
  ///
  /// - Throws: `EventInputError` if the group lies in another file, or two links are one column.
  init?(_ file: HDF5File, eventCount: Int, _ limits: ReadingLimits) throws {
    let links = try file.columns(inGroup: "jet")
    guard !links.isEmpty else { return nil }
    self.limits = limits
    var problem: String?
    func number(_ name: String, rows: Int) -> HDF5Dataset? {
      guard problem == nil, file.hasLink(name) else { return nil }
      do {
        guard let dataset = try file.dataset(name) else { return nil }
        guard dataset.rows == rows else {
          problem = "\(name) has \(dataset.rows) rows for \(eventCount) events"
          return nil
        }
        return dataset
      } catch {
        problem = "\(name) \((error as? EventInputError)?.problem ?? "cannot be read")"
        return nil
      }
    }
    offset = number("jet/offset", rows: eventCount + 1)
    if let offset, !offset.isInteger || offset.width != 1 { problem = "jet/offset is no list of integers" }
    mask = offset == nil ? number("jet/mask", rows: eventCount) : nil
    var columns: [(name: String, dataset: HDF5Dataset)] = []
    var unreadable: [String: String] = [:]
    func refusal(_ problem: String) -> EventInputError {
      EventInputError(source: file.source, problem: problem)
    }
    for (name, link) in links where link != "offset" && (link != "mask" || offset != nil) {
      do {
        if let problem { throw refusal("cannot be read, as \(problem)") }
        let column = try file.column("jet/\(link)", texts: offset == nil ? limits.numbersOfColumn : 1)
        if offset != nil {
          guard column.width == 1 else { throw refusal("has \(column.width) numbers a jet; give it one") }
        } else {
          guard column.shape.count <= 2, column.rows == eventCount else {
            throw refusal(
              "has \(column.shape.map(String.init).joined(separator: " × ")) numbers; write [events × jets], or jet/offset and "
                + "[jets]")
          }
          guard column.width > 0, column.width <= limits.numbersOfColumn else {
            throw refusal("has \(column.width) numbers an event; at most \(limits.numbersOfColumn) are read")
          }
        }
        columns.append((name, column))
      } catch let error as EventInputError {
        unreadable["jet/" + name] = "it " + error.problem
      }
    }
    if let offset, problem == nil {
      try Self.leaveOutOthers(of: &columns, &unreadable, jets: offset)
    } else {
      Self.leaveOutOthers(of: &columns, &unreadable, width: mask.map { ($0.width, $0.name) })
    }
    self.columns = columns
    unreadableColumns = unreadable
  }

  /// Leaves out the columns that have not one number for each jet of `offset`, or all if it does not count their jets.
  private static func leaveOutOthers(
    of columns: inout [(name: String, dataset: HDF5Dataset)], _ unreadable: inout [String: String],
    jets offset: HDF5Dataset
  ) throws {
    let first = try offset.integers(0..<1)[0]
    let count = try offset.integers(offset.rows - 1..<offset.rows)[0]
    let lengths = Set(columns.map(\.dataset.rows))
    var problem: String?
    if first != 0 {
      problem = "begins at \(first)"
    } else if let length = lengths.first, lengths.count == 1, length > count {
      problem = "ends at \(count), but there are \(length) jets"
    }
    for (name, column) in columns {
      if let problem {
        unreadable["jet/" + name] =
          "it cannot be read, as jet/offset \(problem); write 0 first and the number of jets last"
      } else if column.rows != count, lengths.count > 1 {
        unreadable["jet/" + name] = "it has \(column.rows) elements for \(count) jets; give each jet one"
      }
    }
    columns.removeAll { unreadable["jet/" + $0.name] != nil }
  }

  /// Leaves out the columns of padded jets that have not `width` numbers an event, as something of a name says, or, without
  /// that, as most of them have.
  private static func leaveOutOthers(
    of columns: inout [(name: String, dataset: HDF5Dataset)], _ unreadable: inout [String: String],
    width: (width: Int, of: String)?
  ) {
    let counts = Dictionary(columns.map { ($0.dataset.width, 1) }, uniquingKeysWith: +)
    guard
      let usual = width
        ?? counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }).map({ ($0.key, "most") })
    else { return }
    for (name, column) in columns where column.width != usual.width {
      unreadable["jet/" + name] =
        "it has \(column.width) numbers an event, but \(usual.of) \(width == nil ? "have" : "has") \(usual.width)"
    }
    columns.removeAll { $0.dataset.width != usual.width }
  }

  /// The given jets of some events, or why they cannot be read, as `jet/NAME`.
  func read(_ events: Range<Int>) throws -> (jets: Ragged<Columns>?, unreadableColumns: [String: String]) {
    guard !columns.isEmpty else { return (nil, [:]) }
    do {
      return (try offset.map { try ragged(events, $0) } ?? padded(events), [:])
    } catch let error as EventInputError {
      let reason = error.field.map { "\($0) " } ?? ""
      return (
        nil,
        Dictionary(
          uniqueKeysWithValues: columns.map {
            ("jet/" + $0.name, "it cannot be read, as \(reason)\(error.problem)")
          })
      )
    }
  }

  private func refusal(_ problem: String) -> EventInputError {
    EventInputError(source: "", field: "jet/offset", problem: problem)
  }

  /// How many numbers take as much memory as what is read of a jet.
  private var numbersOfJet: Int { columns.reduce(0) { $0 + max(1, $1.dataset.bits / 64) } }

  private func ragged(_ events: Range<Int>, _ offset: HDF5Dataset) throws -> Ragged<Columns> {
    let bounds = try offset.integers(events.lowerBound..<(events.upperBound + 1))
    for (place, event) in events.enumerated() where bounds[place] < 0 || bounds[place] > bounds[place + 1] {
      throw refusal("runs backwards from \(bounds[place]) to \(bounds[place + 1]) at event \(event)")
    }
    let (first, last) = (bounds[0], bounds[events.count])
    let rows = columns[0].dataset.rows
    guard last <= rows else { throw refusal("goes up to \(last), but there are \(rows) jets") }
    guard (last - first) * numbersOfJet <= limits.bytesOfEvent / 8 else {
      throw refusal("gives \(events.count) events \(last - first) jets, which are more than are read")
    }
    var content = Columns()
    for column in columns { content[column.name] = try column.dataset.column(first..<last) }
    return Ragged(offsets: bounds.map { $0 - first }, content: content)
  }

  private func padded(_ events: Range<Int>) throws -> Ragged<Columns> {
    let width = columns[0].dataset.width
    guard events.count * width * numbersOfJet <= limits.bytesOfEvent / 8 else {
      throw refusal("is missing, and \(events.count) events of \(width) padded jets are more than are read")
    }
    var content = Columns()
    for column in columns {
      var values = try column.dataset.column(events)
      values.width = 1
      content[column.name] = values
    }
    let masks = try mask?.doubles(events)
    let pt = content["pt"].flatMap { $0.categories == nil ? $0.values : nil }
    let areThere = (0..<events.count * width).map { place in
      if let masks { return masks[place] != 0 && !masks[place].isNaN }
      if let pt { return pt[place] != 0 && !pt[place].isNaN }
      return content.sorted.contains { !$0.column.values[place].isNaN }
    }
    var jets = Ragged(content: content.rows(areThere.indices.filter { areThere[$0] }))
    var end = 0
    for event in 0..<events.count {
      end += areThere[event * width..<(event + 1) * width].count { $0 }
      jets.endList(at: end)
    }
    return jets
  }
}
