// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

let package = Package(
  name: "VectorBosonFusion",
  products: [.library(name: "VectorBosonFusion", type: .dynamic, targets: ["VectorBosonFusion"])],
  dependencies: [.package(name: "Canopy", path: "../../..")],
  targets: [
    .target(name: "VectorBosonFusion", dependencies: [.product(name: "PluginKit", package: "Canopy")]),
    .testTarget(
      name: "VectorBosonFusionTests",
      dependencies: ["VectorBosonFusion", .product(name: "PluginTesting", package: "Canopy")]),
  ])
