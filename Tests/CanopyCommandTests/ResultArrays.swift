// SPDX-License-Identifier: GPL-3.0-or-later

@preconcurrency import CHDF5
import CZip
import CZlib
import Foundation
import Testing

/// HDF5's library is for one thread at a time.
private let hdf5Lock = NSLock()

/// The numbers of a dataset of an HDF5 file.
func hdf5Array(_ path: String, _ name: String) throws -> [Double] {
  try hdf5Lock.withLock {
    let file = H5Fopen(path, 0, 0)
    try #require(file >= 0)
    defer { H5Fclose(file) }
    let dataset = H5Dopen2(file, name, 0)
    try #require(dataset >= 0, "\(name)")
    defer { H5Dclose(dataset) }
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    var values = [Double](repeating: 0, count: Int(H5Sget_simple_extent_npoints(space)))
    try #require(H5Dread(dataset, H5T_NATIVE_DOUBLE_g, 0, 0, 0, &values) >= 0)
    return values
  }
}

/// Writes an event file of Cartesian momenta.
func writeHDF5Events(_ path: String, offsets: [UInt64], momenta: [[Double]], labels: [Int32]? = nil) throws {
  try hdf5Lock.withLock {
    H5open()
    let file = H5Fcreate(path, 2, 0, 0)
    try #require(file >= 0)
    defer { H5Fclose(file) }
    for group in ["event", "particle"] { H5Gclose(H5Gcreate2(file, group, 0, 0, 0)) }
    func write<Element: BitwiseCopyable>(_ name: String, _ values: [Element], _ type: hid_t) throws {
      let space = H5Screate_simple(1, [hsize_t(values.count)], nil)
      defer { H5Sclose(space) }
      let dataset = H5Dcreate2(file, name, type, space, 0, 0, 0)
      defer { H5Dclose(dataset) }
      try #require(H5Dwrite(dataset, type, 0, 0, 0, values) >= 0)
    }
    try write("event/offset", offsets, H5T_NATIVE_UINT64_g)
    if let labels { try write("event/label", labels, H5T_NATIVE_INT32_g) }
    for (component, name) in ["px", "py", "pz", "E"].enumerated() {
      try write("particle/\(name)", momenta.map { $0[component] }, H5T_NATIVE_DOUBLE_g)
    }
  }
}

/// The numbers of an array of 4-byte or 8-byte floating-point numbers in a NumPy archive.
func npzArray(_ path: String, _ name: String) throws -> [Double] {
  let archive = try #require(zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, nil))
  defer { zip_discard(archive) }
  var status = zip_stat_t()
  try #require(zip_stat(archive, "\(name).npy", 0, &status) == 0)
  var bytes = [UInt8](repeating: 0, count: Int(status.size))
  let entry = zip_fopen(archive, "\(name).npy", 0)
  try #require(zip_fread(entry, &bytes, status.size) == Int64(status.size))
  zip_fclose(entry)
  let start = 10 + Int(bytes[8]) + 256 * Int(bytes[9])
  let header = String(decoding: bytes[10..<start], as: UTF8.self)
  return Array(bytes[start...]).withUnsafeBytes { numbers in
    header.contains("<f8")
      ? numbers.bindMemory(to: Double.self).map { $0 } : numbers.bindMemory(to: Float.self).map(Double.init)
  }
}

/// The content of a gzip file.
func gunzip(_ path: String) throws -> Data {
  let file = try #require(gzopen(path, "rb"))
  defer { gzclose(file) }
  var content = Data()
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = gzread(file, &buffer, UInt32(buffer.count))
    try #require(count >= 0)
    if count == 0 { return content }
    content += buffer[..<Int(count)]
  }
}
