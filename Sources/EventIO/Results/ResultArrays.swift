// SPDX-License-Identifier: GPL-3.0-or-later

/// A file of named arrays that grow by rows, which are written when they fill a chunk.
public final class ResultArrays {
  private let file: ResultFile
  private let archive: any ResultArchive
  private var arrays: [ResultArray] = []
  /// Rows that wait until they fill a chunk: `[arrays]`.
  private var pending: [[UInt8]] = []

  /// Opens `destination` for arrays in a format.
  ///
  /// - Throws: `ResultOutputError` if it cannot be written, and on a terminal.
  public init(_ destination: ResultDestination, as format: (some ResultArchive).Type) throws {
    let target = try ResultTarget(destination)
    if target.isTerminal {
      throw ResultOutputError(
        place: "\(format.name) is not for a terminal; name a file, or choose a format that is text.")
    }
    file = try ResultFile(for: target, isNamed: true)
    archive = try format.init(path: file.path, destination: target.name)
  }

  /// The number of arrays.
  public var count: Int { arrays.count }

  /// Adds an array without rows after the others; one of offsets begins with the zero of its first row.
  public func declare(
    _ name: String, _ type: ResultArray.Element, columns: Int? = nil, unit: String? = nil,
    isOffset: Bool = false
  ) {
    arrays.append(ResultArray(index: arrays.count, name: name, element: type, columns: columns, unit: unit))
    pending.append([UInt8](repeating: 0, count: isOffset ? type.size : 0))
  }

  /// Adds rows to the array that was declared as number `index`, from 0.
  ///
  /// - Throws: `ResultOutputError` if they cannot be written.
  public func append<Element>(_ values: [Element], to index: Int) throws {
    values.withUnsafeBytes { pending[index].append(contentsOf: $0) }
    let array = arrays[index]
    let chunk = array.chunkRows * array.rowSize
    let full = pending[index].count / chunk * chunk
    guard full > 0 else { return }
    try pending[index].withUnsafeBytes {
      try archive.append(UnsafeRawBufferPointer(rebasing: $0[..<full]), to: array, isLast: false)
    }
    pending[index].removeFirst(full)
  }

  /// Writes the rest and gives the file its name.
  ///
  /// - Throws: `ResultOutputError` if it cannot be completed.
  public func finish() throws {
    for (index, array) in arrays.enumerated() {
      try pending[index].withUnsafeBytes { try archive.append($0, to: array, isLast: true) }
    }
    try archive.finish()
    try file.commit()
  }
}

extension String {
  /// The text in UTF-8 with zeros after it; nil if it has more than `size` bytes.
  func bytes(filledTo size: Int) -> [UInt8]? {
    let text = Array(utf8)
    return text.count > size ? nil : text + repeatElement(0, count: size - text.count)
  }
}

/// One array of a file of results.
public struct ResultArray: Sendable {
  /// The types of numbers that results have, and texts.
  public enum Element: Sendable, Equatable {
    /// Single precision.
    case float32
    /// Double precision.
    case float64
    /// Whole numbers of 32 bits.
    case int32
    /// Whole numbers of 64 bits.
    case int64
    /// Whole numbers of 64 bits that are not negative.
    case uint64
    /// Truth values, as bytes that are 1 or 0.
    case bool
    /// Texts in UTF-8, as so many bytes, of which the last ones are 0.
    case text(size: Int)

    /// The size in bytes.
    public var size: Int {
      switch self {
      case .float32, .int32: 4
      case .float64, .int64, .uint64: 8
      case .bool: 1
      case .text(let size): size
      }
    }
  }

  /// The place of the array among those of the file.
  public let index: Int
  /// The path of the array in the file.
  public let name: String
  /// The type of its numbers.
  public let element: Element
  /// How many numbers a row has; `nil` for an array of one dimension.
  public let columns: Int?
  /// The unit of its numbers, if they have one.
  public let unit: String?

  /// The size of a row in bytes.
  public var rowSize: Int { element.size * (columns ?? 1) }

  /// How many rows are written at once, except for the last ones: about 256 KiB.
  public var chunkRows: Int { max(1, (1 << 18) / rowSize) }
}

/// A file of named arrays that grow by rows.
public protocol ResultArchive: AnyObject {
  /// The format as messages name it.
  static var name: String { get }

  /// Starts the file `path`, which exists and is empty; `destination` is its name in messages.
  init(path: String, destination: String) throws

  /// Adds rows to `array`: a multiple of `chunkRows` of them, unless they are the last, which may be none.
  ///
  /// Arrays come in turn by their `index` when they come for the last time.
  func append(_ rows: UnsafeRawBufferPointer, to array: ResultArray, isLast: Bool) throws

  /// Completes and closes the file, after each array's last rows.
  func finish() throws
}
