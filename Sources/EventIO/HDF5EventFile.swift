// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5

/// The datasets of an event file, checked against each other.
struct HDF5EventFile {
  /// `/event/offset`, `[events + 1]`.
  let offset: HDF5Dataset
  /// px, py, pz, E or pt, eta, phi, mass: four of `[particles]`.
  let momenta: [HDF5Dataset]
  /// Whether the momenta are px, py, pz, E.
  let isCartesian: Bool
  /// `/particle/pdgid`, `[particles]`, where the file has it.
  let pdgid: HDF5Dataset?
  /// The numeric datasets beside the offset in `/event`.
  let columns: [(name: String, dataset: HDF5Dataset)]

  private static let cartesian = ["px", "py", "pz", "E"]
  private static let cylindrical = ["pt", "eta", "phi", "mass"]

  /// Opens a file and all its datasets; inside `HDF5.locked`.
  init(path: String, source: String) throws {
    func refusal(_ field: String?, _ problem: String) -> EventInputError {
      EventInputError(source: source, field: field, problem: problem)
    }
    guard let access = HDF5Handle(H5Pcreate(canopy_hdf5_file_access()), closedBy: H5Pclose) else {
      throw refusal(nil, "cannot be opened: HDF5 does not start")
    }
    // Some file systems cannot lock files.
    H5Pset_file_locking(access.id, true, true)
    guard let file = HDF5Handle(H5Fopen(path, canopy_hdf5_read_only(), access.id), closedBy: H5Fclose) else {
      throw refusal(nil, "cannot be opened as HDF5; the file is cut short, damaged or being written")
    }
    func dataset(_ name: String) throws -> HDF5Dataset? {
      // A link can exist without its target, and a path only if its group exists.
      let group = String(name.prefix { $0 != "/" })
      guard H5Lexists(file.id, group, 0) > 0, H5Lexists(file.id, name, 0) > 0 else { return nil }
      switch try HDF5Dataset.open(name, in: file, source: source) {
      case .numeric(let dataset): return dataset
      case .notNumeric: throw refusal(name, "does not hold numbers; write integers or floating-point numbers")
      case .notDataset: throw refusal(name, "is no dataset; see the layout of event files")
      }
    }
    func list(_ name: String) throws -> HDF5Dataset? {
      guard let found = try dataset(name) else { return nil }
      guard found.width == 1 else { throw refusal(name, "has \(found.width) numbers a row; give it one") }
      return found
    }

    guard let offset = try list("event/offset") else {
      if H5Lexists(file.id, "jet", 0) > 0, H5Lexists(file.id, "jet/offset", 0) > 0 {
        throw refusal(
          nil, "holds results of Canopy and no particles; name the event file that it was made from")
      }
      throw refusal("event/offset", "is missing; it gives the first particle of each event: [events + 1]")
    }
    guard offset.isInteger else {
      throw refusal("event/offset", "does not hold integers; write unsigned integers")
    }
    guard offset.rows > 0 else {
      throw refusal("event/offset", "is empty; it has one element more than there are events")
    }
    self.offset = offset

    let cartesian = try HDF5EventFile.cartesian.map { try list("particle/\($0)") }
    let cylindrical = try HDF5EventFile.cylindrical.map { try list("particle/\($0)") }
    isCartesian = cartesian.allSatisfy { $0 != nil }
    momenta = (isCartesian ? cartesian : cylindrical).compactMap { $0 }
    guard momenta.count == 4 else {
      let isPartlyCartesian = cartesian.contains { $0 != nil } && cylindrical.allSatisfy { $0 == nil }
      let names = isPartlyCartesian ? HDF5EventFile.cartesian : HDF5EventFile.cylindrical
      let present = isPartlyCartesian ? cartesian : cylindrical
      let missing = zip(names, present).first { $0.1 == nil }!.0
      throw refusal("particle/\(missing)", "is missing; write px, py, pz and E, or pt, eta, phi and mass")
    }
    pdgid = try list("particle/pdgid")
    if let pdgid, !pdgid.isInteger {
      throw refusal(pdgid.name, "does not hold integers; write 32-bit integers")
    }
    for dataset in momenta.dropFirst() + [pdgid].compactMap({ $0 }) where dataset.rows != momenta[0].rows {
      throw refusal(
        dataset.name,
        "has \(dataset.rows) elements but \(momenta[0].name) has \(momenta[0].rows); they must be of one length"
      )
    }

    columns = try HDF5EventFile.names(inGroup: "event", of: file).filter { $0 != "offset" }.compactMap {
      name in
      guard case .numeric(let column) = try HDF5Dataset.open("event/\(name)", in: file, source: source) else {
        guard name != "label" else { throw refusal("event/label", "does not hold numbers; write integers") }
        return nil
      }
      guard column.rows == offset.rows - 1 else {
        throw refusal(
          column.name, "has \(column.rows) rows for \(offset.rows - 1) events; give it one row for each event"
        )
      }
      return (name, column)
    }
  }

  /// The names of the links of a group, sorted.
  private static func names(inGroup group: String, of file: HDF5Handle) throws -> [String] {
    var info = H5G_info_t()
    guard H5Gget_info_by_name(file.id, group, &info, 0) >= 0 else { return [] }
    return (0..<info.nlinks).compactMap { index in
      let length = H5Lget_name_by_idx(file.id, group, H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
      guard length > 0, length < 1 << 12 else { return nil }
      var name = [CChar](repeating: 0, count: length + 1)
      H5Lget_name_by_idx(file.id, group, H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
      return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }
}
