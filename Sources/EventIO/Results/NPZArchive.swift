// SPDX-License-Identifier: GPL-3.0-or-later

import CZip
import Foundation

/// Arrays as `.npy` files in a zip archive, uncompressed, as `numpy.savez` writes them and `numpy.load` reads
/// them.
///
/// A zip archive holds one file after the other, but the arrays grow together: each grows in a temporary file
/// of its own, which has no name, so that nothing is left behind however the program ends.
public final class NPZArchive: ResultArchive {
  /// `npz`.
  public static let name = "npz"

  /// NumPy's header is a multiple of 64 bytes; this holds any shape of two dimensions.
  private static let headerSize = 128

  private let path: String
  private let destination: String
  /// The arrays, by their index; `bytes` counts those behind the header.
  private var files: [Int: (stream: UnsafeMutablePointer<FILE>, array: ResultArray, bytes: Int)] = [:]

  /// Starts the file `path`, which exists and is empty; `destination` is its name in messages.
  public init(path: String, destination: String) throws {
    self.path = path
    self.destination = destination
  }

  deinit {
    for file in files.values { fclose(file.stream) }
  }

  /// Adds rows to `array`.
  ///
  /// - Throws: `ResultOutputError` if they cannot be written.
  public func append(_ rows: UnsafeRawBufferPointer, to array: ResultArray, isLast: Bool) throws {
    if files[array.index] == nil { files[array.index] = (try makeStream(array), array, 0) }
    let stream = files[array.index]!.stream
    guard rows.isEmpty || fwrite(rows.baseAddress, 1, rows.count, stream) == rows.count else {
      throw failure()
    }
    files[array.index]!.bytes += rows.count
  }

  /// Completes and closes the file.
  ///
  /// - Throws: `ResultOutputError` if it cannot be completed.
  public func finish() throws {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
      var error = zip_error_t()
      zip_error_init_with_code(&error, code)
      defer { zip_error_fini(&error) }
      throw failure(String(cString: zip_error_strerror(&error)))
    }
    do {
      for index in files.keys.sorted() {
        try add(index, to: archive)
      }
      guard zip_close(archive) == 0 else { throw failure(String(cString: zip_strerror(archive))) }
    } catch {
      zip_discard(archive)
      throw error
    }
  }

  /// Moves the array to `archive`, which reads it when it is closed.
  private func add(_ index: Int, to archive: OpaquePointer) throws {
    let (stream, array, bytes) = files[index]!
    let header = Self.header(array, rows: bytes / array.rowSize)
    rewind(stream)
    guard fwrite(header, 1, header.count, stream) == header.count, fflush(stream) == 0 else {
      throw failure()
    }
    // libzip reads from where the stream stands.
    rewind(stream)
    guard let source = zip_source_filep(archive, stream, 0, -1) else {
      throw failure(String(cString: zip_strerror(archive)))
    }
    files[index] = nil
    let entry = zip_file_add(archive, array.name + ".npy", source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard entry >= 0 else {
      zip_source_free(source)
      throw failure(String(cString: zip_strerror(archive)))
    }
    // The same results give the same bytes: no compression that depends on the library, no time of writing.
    zip_set_file_compression(archive, zip_uint64_t(entry), ZIP_CM_STORE, 0)
    zip_file_set_mtime(archive, zip_uint64_t(entry), 0, 0)
  }

  /// A temporary file without a name, with room for the header.
  private func makeStream(_ array: ResultArray) throws -> UnsafeMutablePointer<FILE> {
    let name = "\(path).\(array.index)"
    guard let stream = fopen(name, "w+bxe") else { throw failure() }
    unlink(name)
    let room = [UInt8](repeating: 0, count: Self.headerSize)
    guard fwrite(room, 1, room.count, stream) == room.count else {
      fclose(stream)
      throw failure()
    }
    return stream
  }

  /// The header of NumPy's format, version 1.0.
  private static func header(_ array: ResultArray, rows: Int) -> [UInt8] {
    let shape = array.columns.map { "\(rows), \($0)" } ?? "\(rows),"
    let text = "{'descr': '\(array.element.numpyType)', 'fortran_order': False, 'shape': (\(shape)), }"
    var header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(headerSize - 10), 0] + Array(text.utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: headerSize - 1 - header.count)
    return header + [UInt8(ascii: "\n")]
  }

  /// The error for the system's last failure.
  private func failure() -> ResultOutputError {
    ResultOutputError(writing: destination, code: errno)
  }

  private func failure(_ reason: String) -> ResultOutputError {
    ResultOutputError(writing: destination, reason: reason)
  }
}

extension ResultArray.Element {
  /// NumPy's name of the type; all machines that Canopy runs on are little-endian.
  fileprivate var numpyType: String {
    switch self {
    case .float32: "<f4"
    case .float64: "<f8"
    case .int32: "<i4"
    case .int64: "<i8"
    case .uint64: "<u8"
    case .bool: "|b1"
    case .text(let size): "|S\(size)"
    }
  }
}
