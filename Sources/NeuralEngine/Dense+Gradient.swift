// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels

extension Tape {
  /// Adds the gradients of a layer's weight, dᵀ · input, and bias, the column sums of d.
  ///
  /// d is `[rows × outputs]`, the input `[rows × inputs]`, each with its distance between rows.
  package func addGradient(
    of layer: Dense, rows: Int, _ d: UnsafePointer<Float>, _ ldd: Int, _ input: UnsafePointer<Float>,
    _ ldInput: Int
  ) {
    let weight = parameter(layer.weight)
    if let gradient = weight.gradient?.baseAddress {
      canopy_add_outer_products(
        rows, weight.rows, weight.columns, d, ldd, input, ldInput, gradient, weight.columns)
    }
    if let gradient = parameter(layer.bias).gradient?.baseAddress {
      canopy_add_column_sums(rows, weight.rows, d, ldd, gradient)
    }
  }
}
