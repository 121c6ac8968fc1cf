// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import CLZF
import CZlib

/// Filters by which chunks of datasets are compressed.
enum HDF5Filters {
  /// Larger chunks are not read, as HDF5 holds each of them as a whole.
  static let largestChunk = 1 << 28
  /// The filter that h5py calls `lzf`, by the register of The HDF Group.
  static let lzf: H5Z_filter_t = 32000
  private static let deflate: H5Z_filter_t = 1
  private static let shuffle: H5Z_filter_t = 2
  private static let fletcher32: H5Z_filter_t = 3

  /// Lets HDF5 read chunks that h5py compressed by LZF; inside `HDF5.locked`.
  static func registerLZF() {
    var filter = H5Z_class2_t()
    filter.version = 1
    filter.id = lzf
    filter.decoder_present = 1
    filter.filter = { flags, parameterCount, parameters, byteCount, capacity, buffer in
      // Canopy does not write by it.
      guard flags & UInt32(H5Z_FLAG_REVERSE) != 0, let capacity, let buffer, let packed = buffer.pointee
      else {
        return 0
      }
      // The third parameter is the size of a chunk.
      let chunk = parameterCount >= 3 ? parameters.map { Int($0[2]) } ?? 0 : 0
      let size = chunk > 0 ? chunk : capacity.pointee
      guard size > 0, size <= HDF5Filters.largestChunk, byteCount <= Int(UInt32.max),
        let content = H5allocate_memory(size, false)
      else { return 0 }
      let count = Int(lzf_decompress(packed, UInt32(byteCount), content, UInt32(size)))
      guard count > 0 else {
        H5free_memory(content)
        return 0
      }
      H5free_memory(packed)
      buffer.pointee = content
      capacity.pointee = size
      return count
    }
    H5Zregister(&filter)
  }

  /// What is wrong with the filters of a dataset, as the end of a sentence, or nil; and whether one of them is deflate.
  static func look(at creation: HDF5Handle) -> (problem: String?, deflates: Bool) {
    var compressors = 0
    var deflates = false
    for index in 0..<max(H5Pget_nfilters(creation.id), 0) {
      var flags: UInt32 = 0
      var parameterCount = 0
      var configuration: UInt32 = 0
      var name = [CChar](repeating: 0, count: 64)
      let filter = H5Pget_filter2(
        creation.id, UInt32(index), &flags, &parameterCount, nil, name.count, &name, &configuration)
      guard filter >= 0 else { return ("has filters that HDF5 cannot read; the file is damaged", false) }
      guard H5Zfilter_avail(filter) > 0 else {
        let length = name.firstIndex(of: 0) ?? 0
        let text = String(decoding: name[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return (
          "is compressed by the filter \(text.isEmpty ? "" : text + " ")(number \(filter)), which is not installed; "
            + "install it as a plugin of HDF5, or write the file with gzip (h5repack -f GZIP=1)", false
        )
      }
      if filter != shuffle, filter != fletcher32 { compressors += 1 }
      if filter == deflate { deflates = true }
    }
    // Each of them could turn one byte into a thousand.
    guard compressors <= 1 else { return ("is compressed more than once; write it with one filter", false) }
    return (nil, deflates)
  }

  /// The most bytes that a chunk of `size` bytes takes: data that cannot be compressed grow by about a thousandth.
  static func mostBytes(packing size: Int) -> hsize_t { hsize_t(size + size / 64 + 4096) }

  // MARK: - Undone here

  /// The filters of a dataset, in the order in which they were applied, with their first parameters.
  private static func filters(of creation: HDF5Handle) -> [(id: H5Z_filter_t, parameter: Int)] {
    (0..<max(H5Pget_nfilters(creation.id), 0)).map { index in
      var (flags, parameterCount, parameter, configuration) = (UInt32(0), 1, UInt32(0), UInt32(0))
      let filter = H5Pget_filter2(
        creation.id, UInt32(index), &flags, &parameterCount, &parameter, 0, nil, &configuration)
      return (filter, parameterCount > 0 ? Int(parameter) : 0)
    }
  }

  /// Whether ``undo(_:mask:on:size:)`` knows all filters of a dataset.
  static func canUndo(_ creation: HDF5Handle) -> Bool {
    filters(of: creation).allSatisfy { [deflate, shuffle, lzf].contains($0.id) }
  }

  /// What a chunk of `size` bytes was before the filters, of which `mask` has a bit for each that was left out; nil if the
  /// chunk is damaged.
  ///
  /// HDF5 undoes them only together with what it makes of the bytes.
  static func undo(_ creation: HDF5Handle, mask: UInt32, on chunk: [UInt8], size: Int) -> [UInt8]? {
    var content = chunk
    for (index, filter) in filters(of: creation).enumerated().reversed() where mask & (1 << index) == 0 {
      switch filter.id {
      case shuffle: content = unshuffled(content, elementSize: filter.parameter)
      default:
        var unpacked = [UInt8](repeating: 0, count: size)
        var count = 0
        if filter.id == deflate {
          var length = uLongf(unpacked.count)
          if uncompress(&unpacked, &length, content, uLong(content.count)) == Z_OK { count = Int(length) }
        } else {
          count = Int(lzf_decompress(content, UInt32(content.count), &unpacked, UInt32(unpacked.count)))
        }
        guard count > 0 else { return nil }
        content = Array(unpacked[..<count])
      }
    }
    return content.count == size ? content : nil
  }

  /// Bytes whose first bytes of all elements stood first, then their second ones, and so on.
  private static func unshuffled(_ bytes: [UInt8], elementSize: Int) -> [UInt8] {
    guard elementSize > 1 else { return bytes }
    let count = bytes.count / elementSize
    var content = bytes
    for element in 0..<count {
      for byte in 0..<elementSize { content[element * elementSize + byte] = bytes[byte * count + element] }
    }
    return content
  }
}
