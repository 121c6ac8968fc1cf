// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import Support
import Testing

/// Numbers as people see them.
@Suite struct NumberTextTests {
  /// What processors give for 0/0 has the sign bit.
  @Test func whatIsNoNumberHasNoSign() {
    let computed = Double(bitPattern: 0xFFF8_0000_0000_0000)
    #expect("\(computed)" == "-nan" && computed.text == "nan" && Float(computed).text == "nan")
    #expect(String(format: "%.3e", computed.withPlainNaN) == "nan")
    #expect((-0.5).text == "-0.5" && (-Double.infinity).withPlainNaN == -.infinity)
  }
}
