// SPDX-License-Identifier: GPL-3.0-or-later

import Canopy
import TestPlugins
import Testing

/// Tests of rooms below Canopy know the same plugins as the program.
@Test func theShippedPluginsAreTheBuiltInOnes() {
  let (shipped, builtIn) = (PluginRegistry.shipped, PluginRegistry.builtIn)
  #expect(shipped.headIdentifiers == builtIn.headIdentifiers)
  #expect(shipped.stageIdentifiers == builtIn.stageIdentifiers)
  #expect(shipped.observableIdentifiers == builtIn.observableIdentifiers)
  #expect(shipped.decisionIdentifiers == builtIn.decisionIdentifiers)
}
