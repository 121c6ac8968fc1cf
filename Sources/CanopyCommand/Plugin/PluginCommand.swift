// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser

/// `canopy plugin`.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin",
    abstract: "Lists plugins, begins a new one, and checks one.",
    discussion: """
      A plugin is a library with observables, stages, heads, decisions or file formats of your own, which --plugin \
      PATH or CANOPY_PLUGIN_PATH loads.

      EXAMPLES:
        canopy plugin new MyTagger
        canopy plugin check MyTagger/.build/release/libMyTagger.so
        canopy plugin list --plugin MyTagger/.build/release/libMyTagger.so
      """,
    subcommands: [PluginListCommand.self, PluginNewCommand.self, PluginCheckCommand.self])
}
