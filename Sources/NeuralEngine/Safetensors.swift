// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support

/// One named array of a safetensors file.
public struct SafetensorsTensor: Sendable, Equatable {
  /// The name, unique in its file.
  public var name: String
  /// The extent of each dimension, slowest first; empty for a single number.
  public var shape: [Int]
  /// The numbers, row-major: `[product of shape]`.
  public var values: [Float]

  /// A tensor of `values` with the given shape.
  public init(name: String, shape: [Int], values: [Float]) {
    self.name = name
    self.shape = shape
    self.values = values
  }
}

/// Named tensors and what is said about them: the content of one safetensors file.
///
/// The format is eight bytes with the header's length, a JSON header with the element type, shape and place
/// of each tensor, and the numbers, little-endian, without gaps
/// (<https://github.com/huggingface/safetensors>). Reading executes nothing and trusts nothing: every length,
/// offset and shape is checked against the bytes of the file. Half, bfloat16 and double precision are read as
/// `Float`; writing is always in `Float`, and the same content gives the same bytes.
public struct Safetensors: Sendable, Equatable {
  /// The tensors by rising name.
  public private(set) var tensors: [SafetensorsTensor]
  /// Remarks on the file: the header's `__metadata__`.
  public var metadata: [String: String]
  /// The file that the tensors come from, as the user named it; used in messages.
  public var source: String

  /// Tensors to be written, in any order.
  ///
  /// - Throws: ``SafetensorsError`` if two tensors share a name or a shape does not fit its values.
  public init(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:], source: String = "safetensors"
  ) throws {
    for tensor in tensors {
      guard let count = elementCount(ofShape: tensor.shape), count == tensor.values.count else {
        throw SafetensorsError(
          source, tensor: tensor.name,
          "the shape \(tensor.shape) does not fit its \(tensor.values.count) values; correct one of the two")
      }
      guard tensor.name != SafetensorsHeader.metadataName else {
        throw SafetensorsError(
          source, tensor: tensor.name, "the format keeps this name for itself; choose another")
      }
    }
    self.tensors = tensors.sorted { $0.name < $1.name }
    self.metadata = metadata
    self.source = source
    for (first, second) in zip(self.tensors, self.tensors.dropFirst()) where first.name == second.name {
      throw SafetensorsError(source, tensor: first.name, "the name is given twice; rename one of the two")
    }
  }

  /// The names of all tensors, rising.
  public var names: [String] { tensors.map(\.name) }

  /// The tensor of that name, or nil if there is none.
  public subscript(name: String) -> SafetensorsTensor? {
    // Names are sorted by Swift's order of strings, in which canonically equivalent names are equal.
    var range = tensors.startIndex..<tensors.endIndex
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      if tensors[middle].name == name { return tensors[middle] }
      range = tensors[middle].name < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// The values of the tensor of that name, which must have that shape.
  ///
  /// - Throws: ``SafetensorsError`` if the tensor is missing or has another shape.
  public func values(of name: String, shape: [Int]) throws -> [Float] {
    guard let tensor = self[name] else {
      throw SafetensorsError(
        source, tensor: name, "it is missing; use the file that was written together with this model")
    }
    guard tensor.shape == shape else {
      throw SafetensorsError(
        source, tensor: name,
        "it has the shape \(tensor.shape), but \(shape) is needed; "
          + "use the file that was written together with this model")
    }
    return tensor.values
  }
}

/// Why a safetensors file cannot be read or written, in one sentence.
public struct SafetensorsError: ReportedError, Equatable, LocalizedError {
  /// The sentence: file, tensor, what is wrong and what to do.
  public let description: String

  /// The same sentence, for Foundation.
  public var errorDescription: String? { description }

  init(_ source: String, tensor: String? = nil, _ problem: String) {
    let subject = tensor.map { "\(source): tensor '\($0.printable)'" } ?? source
    description = "\(subject): \(problem)."
  }
}

/// The number of elements of a shape, or nil if an extent is negative or the product overflows.
func elementCount(ofShape shape: [Int]) -> Int? {
  var count = 1
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    if overflow || extent < 0 { return nil }
    count = product
  }
  return count
}

extension String {
  /// The text cut to a length and cleared of control characters, so that a hostile name cannot spoil a
  /// message.
  fileprivate var printable: String {
    let shown = String(String.UnicodeScalarView(unicodeScalars.prefix(80).map { $0.value < 32 ? "?" : $0 }))
    return unicodeScalars.count > 80 ? shown + "…" : shown
  }
}
