// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import COpenBLAS

/// Products of row-major single-precision matrices by OpenBLAS, on the calling thread.
///
/// OpenBLAS is told once to use no threads of its own, since threads are over batches here, and to use the
/// processor's instruction set.
package enum MatrixProduct {
  private static let preparation: Void = {
    canopy_choose_openblas_core(openblas_get_corename())
    openblas_set_num_threads(1)
  }()

  /// c [m × n] = a [m × k] · bᵀ, b [n × k]; or c += … if `accumulate` is true.
  package static func multiplyTransposed(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    into c: UnsafeMutablePointer<Float>, _ ldc: Int, accumulate: Bool = false
  ) {
    product(CblasTrans, m, n, k, a, lda, b, ldb, c, ldc, accumulate)
  }

  /// c [m × n] = a [m × k] · b [k × n]; or c += … if `accumulate` is true.
  package static func multiply(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    into c: UnsafeMutablePointer<Float>, _ ldc: Int, accumulate: Bool = false
  ) {
    product(CblasNoTrans, m, n, k, a, lda, b, ldb, c, ldc, accumulate)
  }

  private static func product(
    _ transposeB: CBLAS_TRANSPOSE, _ m: Int, _ n: Int, _ k: Int,
    _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int,
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ accumulate: Bool
  ) {
    guard m > 0, n > 0 else { return }
    preparation
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, transposeB, blasint(m), blasint(n), blasint(k), 1, a, blasint(lda), b,
      blasint(ldb), accumulate ? 1 : 0, c, blasint(ldc))
  }
}
