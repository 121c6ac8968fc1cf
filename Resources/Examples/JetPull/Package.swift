// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

// What comes with canopy for plugins to be compiled against; make build has put it here. A plugin has no copy of Canopy
// in it: it uses the program's, and its tests use that of libPluginTestRuntime.so.
let kit =
  Context.environment["CANOPY_PLUGIN_KIT"] ?? Context.packageDirectory + "/../../../.build/release/plugin-kit"
let imports = ["-I\(kit)/modules", "-Xcc", "-I\(kit)/include"]

let package = Package(
  name: "JetPull",
  products: [.library(name: "JetPull", type: .dynamic, targets: ["JetPull"])],
  dependencies: [.package(path: kit)],
  targets: [
    .target(
      name: "JetPull", dependencies: [.product(name: "PluginKitBuild", package: "plugin-kit")],
      swiftSettings: [.unsafeFlags(imports)]),
    .testTarget(
      name: "JetPullTests", dependencies: ["JetPull"],
      swiftSettings: [.unsafeFlags(imports + ["-I\(kit)/testing"])],
      linkerSettings: [
        .unsafeFlags(["-L\(kit)", "-lPluginTestRuntime", "-Xlinker", "-rpath", "-Xlinker", kit])
      ]),
  ])
