// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5

/// The datasets of an event file, checked against each other.
struct HDF5EventFile {
  /// The particles of the events.
  let particles: any HDF5Particles
  /// The datasets of numbers and texts in `/event` but for the offset.
  let columns: [(name: String, dataset: HDF5Dataset)]
  /// The jets that the file itself has; nil if there are none.
  let givenJets: HDF5GivenJets?
  /// Why further datasets in `/event` and `/jet` are no columns, by name.
  let unreadableColumns: [String: String]

  /// Opens a file and all its datasets; inside `HDF5.locked`.
  init(path: String, source: String, options: EventReadingOptions) throws {
    let file = try HDF5File(path: path, source: source)
    if let padded = try HDF5PaddedParticles(file, options: options) {
      particles = padded
    } else {
      particles = try HDF5RaggedParticles(file, options: options)
    }
    var columns: [(name: String, dataset: HDF5Dataset)] = []
    var unreadable: [String: String] = [:]
    for (name, link) in try file.columns(inGroup: "event") where link != "offset" {
      do {
        let column = try file.column("event/\(link)", texts: 1)
        if column.shape.count > 2 {
          unreadable[name] =
            "it has \(column.shape.count) dimensions; give it one, or two for several numbers a row"
        } else if column.rows != particles.eventCount {
          unreadable[name] =
            "it has \(column.rows) rows for \(particles.eventCount) events; give it one row for each event"
        } else if column.width == 0 {
          unreadable[name] = "it has no numbers"
        } else if column.width > options.limits.numbersOfColumn {
          unreadable[name] =
            "it has \(column.width) numbers a row; at most \(options.limits.numbersOfColumn) are read"
        } else {
          columns.append((name, column))
        }
      } catch let error as EventInputError {
        unreadable[name] = "it " + error.problem
      }
    }
    self.columns = columns
    do {
      givenJets = try HDF5GivenJets(file, eventCount: particles.eventCount, options.limits)
    } catch let error as EventInputError {
      givenJets = nil
      unreadable["jet/"] = "it " + error.problem
    }
    unreadableColumns = unreadable.merging(givenJets?.unreadableColumns ?? [:]) { first, _ in first }
  }
}

/// How columns are called that HDF5 could not have under their names: a slash divides groups, and a dot is the group
/// itself.
enum HDF5ColumnName {
  /// The name of the link for a column: with `%2F` for a slash, `%25` for a per cent sign, and `%2E` for a dot alone.
  static func link(ofColumn name: String) -> String {
    if name == "." { return "%2E" }
    return name.replacing("%", with: "%25").replacing("/", with: "%2F")
  }

  /// The name of the column that is written under a link.
  static func column(ofLink name: String) -> String {
    name.replacing("%2F", with: "/").replacing("%2E", with: ".").replacing("%25", with: "%")
  }
}
