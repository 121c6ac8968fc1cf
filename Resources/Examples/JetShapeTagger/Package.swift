// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

let package = Package(
  name: "JetShapeTagger",
  products: [.library(name: "JetShapeTagger", type: .dynamic, targets: ["JetShapeTagger"])],
  dependencies: [.package(name: "Canopy", path: "../../..")],
  targets: [
    .target(name: "JetShapeTagger", dependencies: [.product(name: "PluginKit", package: "Canopy")]),
    .testTarget(
      name: "JetShapeTaggerTests",
      dependencies: ["JetShapeTagger", .product(name: "PluginTesting", package: "Canopy")]),
  ])
