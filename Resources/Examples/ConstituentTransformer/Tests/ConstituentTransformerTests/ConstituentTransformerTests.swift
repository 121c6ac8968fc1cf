// SPDX-License-Identifier: GPL-3.0-or-later

import ConstituentTransformer
import PluginTesting
import Testing

@Suite struct ConstituentTransformerTests {
  @Test(arguments: StageCheck.allCases) func conforms(_ check: StageCheck) throws {
    try StageConformance(ConstituentTransformer.self).run(check)
  }
}
