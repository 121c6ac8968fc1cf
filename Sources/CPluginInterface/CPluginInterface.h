// SPDX-License-Identifier: GPL-3.0-or-later
// What a program and a plugin that it loads must agree on.
#ifndef CANOPY_PLUGIN_INTERFACE_H
#define CANOPY_PLUGIN_INTERFACE_H

// The version of Canopy, by semantic versioning.
#define CANOPY_VERSION "0.1.0"

// The name by which a file is found to hold a plugin, then the versions of Canopy and of the compiler. A header gives
// it, so that Swift's own C compiler puts it into whatever is built with PluginKit.
static inline const char *canopy_plugin_handshake(void) {
  return "CANOPY PLUGIN 9b41f6e2|" CANOPY_VERSION "|" __VERSION__ "|";
}

#endif
