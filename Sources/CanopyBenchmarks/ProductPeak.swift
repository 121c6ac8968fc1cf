// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Canopy

/// Large products of single-precision matrices on one thread, by OpenBLAS and by the kernels of the network: the
/// faster of the two is what the processor can do.
final class ProductPeak {
  private static let blasSize = 768
  private static let packedRows = 1024
  private static let packedSize = 256

  private let a: UnsafeMutableBufferPointer<Float>
  private let b: UnsafeMutableBufferPointer<Float>
  private let c: UnsafeMutableBufferPointer<Float>

  init() {
    let count = max(Self.blasSize * Self.blasSize, Self.packedRows * Self.packedSize)
    func matrix() -> UnsafeMutableBufferPointer<Float> {
      let values = UnsafeMutableBufferPointer(
        start: KernelMemory.allocate(Float.self, count: count), count: count)
      // Numbers of both signs and about 1: neither infinite nor denormal.
      for i in 0..<count { values.initializeElement(at: i, to: Float(i % 17) / 8 - 1) }
      return values
    }
    (a, b, c) = (matrix(), matrix(), matrix())
  }

  deinit {
    for matrix in [a, b, c] { KernelMemory.deallocate(matrix.baseAddress!) }
  }

  /// The floating-point operations of `multiplyByOpenBLAS`.
  let blasOperations = 2.0 * Double(blasSize * blasSize * blasSize)
  /// The floating-point operations of `multiplyPacked`.
  let packedOperations = 2.0 * Double(packedRows * packedSize * packedSize)

  /// One product by OpenBLAS.
  func multiplyByOpenBLAS() {
    let n = Self.blasSize
    MatrixProduct.multiplyTransposed(
      m: n, n: n, k: n, a.baseAddress!, n, b.baseAddress!, n, into: c.baseAddress!, n)
  }

  /// One product with packed weights; any numbers will do for packed ones.
  func multiplyPacked() {
    let n = Self.packedSize
    canopy_packed_product(Self.packedRows, n, n, a.baseAddress!, n, b.baseAddress!, c.baseAddress!, n, 0)
  }

  /// Both products, to be measured together with other work.
  var works: [() throws -> Void] { [multiplyByOpenBLAS, multiplyPacked] }

  /// How long one operation takes in each round, by the product that is faster over all rounds.
  ///
  /// - Parameter seconds: the rounds of `works`.
  /// - Returns: the seconds: `[rounds]`.
  func secondsPerOperation(_ seconds: some Sequence<[Double]>) -> [Double] {
    zip(seconds, [blasOperations, packedOperations])
      .map { rounds, operations in rounds.map { $0 / operations } }
      .min { $0.quantile(0.5) < $1.quantile(0.5) }!
  }
}
