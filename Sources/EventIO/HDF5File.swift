// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5

/// An open HDF5 file; nothing is read that lies outside of it.
///
/// Links to other files are refused, and so are datasets whose numbers lie in other files. Every use is inside
/// `HDF5.locked`.
final class HDF5File {
  /// The file as the user named it.
  let source: String
  private let handle: HDF5Handle
  /// How links are followed: never into another file.
  private let links: HDF5Handle

  /// Soft links that lead on to soft links are followed so often.
  private static let mostLinks = 16

  /// Opens the file at `path`, which the user named `source`.
  init(path: String, source: String) throws {
    self.source = source
    guard let access = HDF5Handle(H5Pcreate(canopy_hdf5_file_access()), closedBy: H5Pclose),
      let links = HDF5Handle(H5Pcreate(canopy_hdf5_link_access()), closedBy: H5Pclose)
    else { throw EventInputError(source: source, problem: "cannot be opened: HDF5 does not start") }
    // Some file systems cannot lock files.
    H5Pset_file_locking(access.id, true, true)
    HDF5File.stayInside(links)
    self.links = links
    guard let file = HDF5Handle(H5Fopen(path, canopy_hdf5_read_only(), access.id), closedBy: H5Fclose) else {
      throw EventInputError(
        source: source, problem: "cannot be opened as HDF5; the file is cut short, damaged or being written")
    }
    handle = file
  }

  /// Lets no link be followed that leads to another file.
  static func stayInside(_ access: HDF5Handle) {
    H5Pset_nlinks(access.id, mostLinks)
    H5Pset_elink_cb(access.id, { _, _, _, _, _, _, _ in -1 }, nil)
  }

  /// Whether there is a link of this name, wherever it leads.
  func hasLink(_ name: String) -> Bool {
    var path = ""
    for component in name.split(separator: "/") {
      path += "/\(component)"
      guard H5Lexists(handle.id, path, links.id) > 0 else { return false }
    }
    return true
  }

  /// The dataset `name`, or nil if there is nothing of this name.
  ///
  /// Throws `EventInputError` if it is no dataset of numbers, or of at most `texts` texts a row, or lies in another file.
  func dataset(_ name: String, texts: Int = 0) throws -> HDF5Dataset? {
    guard try contains(name, linksLeft: Self.mostLinks, field: name) else { return nil }
    guard let object = HDF5Handle(H5Oopen(handle.id, name, links.id), closedBy: H5Oclose) else {
      throw refusal(name, "cannot be opened; the file is damaged")
    }
    guard H5Iget_type(object.id) == H5I_DATASET else {
      throw refusal(name, "is no dataset; see the layout of event files")
    }
    return try HDF5Dataset(name, object, in: handle, source: source, texts: texts)
  }

  /// The dataset of a link that there is.
  ///
  /// Throws `EventInputError` if it is no dataset of numbers, or of at most `texts` texts a row, lies in another file, or has a name
  /// that cannot be read.
  func column(_ link: String, texts: Int = 0) throws -> HDF5Dataset {
    // The name is not found if its bytes were no text.
    guard let dataset = try dataset(link, texts: texts) else {
      throw refusal(link, "has a name that is not in UTF-8; rename it")
    }
    return dataset
  }

  /// The links of a group and the names of the columns that they are, sorted; none if there is no such group.
  ///
  /// Throws `EventInputError` if the group lies in another file, or two links are one column.
  func columns(inGroup group: String) throws -> [(name: String, link: String)] {
    let columns = try links(inGroup: group).map { (name: HDF5ColumnName.column(ofLink: $0), link: $0) }
    var known: [String: String] = [:]
    for (name, link) in columns {
      // Links of the same bytes are those whose names are not in UTF-8, which nothing is read from.
      guard let other = known.updateValue(link, forKey: name), !other.utf8.elementsEqual(link.utf8) else {
        continue
      }
      throw refusal(
        "\(group)/\(link)",
        other == link
          ? NameForms.problem : "is the column \(name), and so is \(group)/\(other); rename one of the two")
    }
    return columns
  }

  /// The names of the links of a group, sorted; none if there is no such group.
  ///
  /// Throws `EventInputError` if the group lies in another file.
  private func links(inGroup group: String) throws -> [String] {
    var info = H5G_info_t()
    guard try contains(group, linksLeft: Self.mostLinks, field: group),
      H5Gget_info_by_name(handle.id, group, &info, links.id) >= 0
    else { return [] }
    return (0..<info.nlinks).compactMap { index in
      let length = H5Lget_name_by_idx(
        handle.id, group, H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, links.id)
      guard length > 0, length < 1 << 12 else { return nil }
      var name = [CChar](repeating: 0, count: length + 1)
      H5Lget_name_by_idx(handle.id, group, H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, links.id)
      return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
  }

  /// Whether there is something of this name; throws if a link on the way leads out of the file or to nothing.
  private func contains(_ name: String, linksLeft: Int, field: String) throws -> Bool {
    var path = ""
    for component in name.split(separator: "/") {
      let parent = path
      path += "/\(component)"
      guard H5Lexists(handle.id, path, links.id) > 0 else { return false }
      var size = 0
      let kind = canopy_hdf5_link_kind(handle.id, path, links.id, &size)
      switch H5L_type_t(kind) {
      case H5L_TYPE_HARD: continue
      case H5L_TYPE_SOFT:
        let target = softLink(path, size)
        let full = target.hasPrefix("/") ? target : "\(parent)/\(target)"
        guard linksLeft > 0, try contains(full, linksLeft: linksLeft - 1, field: field) else {
          throw refusal(
            field, "is a link to '\(target)', which leads to nothing; write the numbers themselves")
        }
      default:
        throw refusal(
          field,
          "is a link to another file, which is not followed; copy the numbers into this file (h5copy or h5repack)"
        )
      }
    }
    return true
  }

  /// What a soft link names.
  private func softLink(_ path: String, _ size: Int) -> String {
    guard size > 0, size < 1 << 12 else { return "" }
    var value = [UInt8](repeating: 0, count: size + 1)
    guard H5Lget_val(handle.id, path, &value, value.count, links.id) >= 0 else { return "" }
    return String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func refusal(_ field: String, _ problem: String) -> EventInputError {
    EventInputError(source: source, field: field, problem: problem)
  }
}
