// SPDX-License-Identifier: GPL-3.0-or-later

import CHDF5
import CLZF

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
}
