// SPDX-License-Identifier: GPL-3.0-or-later

/// Whether two numbers are the same to a share of the larger one.
func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
  abs(a - b) <= tolerance * max(abs(a), abs(b))
}
