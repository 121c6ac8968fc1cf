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
    for (name, link) in links where link != "offset" && (link != "mask" || offset != nil) {
      do {
        if let problem {
          throw EventInputError(source: file.source, problem: "cannot be read, as \(problem)")
        }
        let column = try file.column("jet/\(link)", allowsTexts: true)
        let first = columns.first?.dataset
        func refusal(_ problem: String) -> EventInputError {
          EventInputError(source: file.source, problem: problem)
        }
        if offset != nil {
          guard column.width == 1 else { throw refusal("has \(column.width) numbers a jet; give it one") }
          guard first == nil || first!.rows == column.rows else {
            throw refusal(
              "has \(column.rows) elements, but \(first!.name) has \(first!.rows); give each jet one")
          }
        } else {
          guard column.shape.count <= 2, column.rows == eventCount else {
            throw refusal(
              "has \(column.shape.map(String.init).joined(separator: " × ")) numbers; write [events × jets], or jet/offset and "
                + "[jets]")
          }
          guard column.width > 0, column.width <= limits.numbersOfColumn,
            (first ?? mask).map({ $0.width == column.width }) ?? true
          else {
            throw refusal(
              "has \(column.width) numbers an event"
                + ((first ?? mask).map { ", but \($0.name) has \($0.width)" } ?? ""))
          }
        }
        columns.append((name, column))
      } catch let error as EventInputError {
        unreadable["jet/" + name] = "it " + error.problem
      }
    }
    self.columns = columns
    unreadableColumns = unreadable
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

  private func ragged(_ events: Range<Int>, _ offset: HDF5Dataset) throws -> Ragged<Columns> {
    let bounds = try offset.integers(events.lowerBound..<(events.upperBound + 1))
    for (place, event) in events.enumerated() where bounds[place] < 0 || bounds[place] > bounds[place + 1] {
      throw refusal("runs backwards from \(bounds[place]) to \(bounds[place + 1]) at event \(event)")
    }
    let (first, last) = (bounds[0], bounds[events.count])
    let rows = columns[0].dataset.rows
    guard last <= rows else { throw refusal("goes up to \(last), but there are \(rows) jets") }
    guard (last - first) * columns.count <= limits.bytesOfEvent / 8 else {
      throw refusal("gives \(events.count) events \(last - first) jets, which are more than are read")
    }
    var content = Columns()
    for column in columns { content[column.name] = try column.dataset.column(first..<last) }
    return Ragged(offsets: bounds.map { $0 - first }, content: content)
  }

  private func padded(_ events: Range<Int>) throws -> Ragged<Columns> {
    let width = columns[0].dataset.width
    guard events.count * width * columns.count <= limits.bytesOfEvent / 8 else {
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
