// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

// A package of its own: it needs libFuzzer and instrumented sources, which no user of Canopy should have to
// build.
let package = Package(
  name: "Fuzzing",
  dependencies: [.package(name: "Canopy", path: "../..")],
  targets: [
    .systemLibrary(name: "CFuzzing"),
    .executableTarget(
      name: "CanopyFuzz", dependencies: ["CFuzzing", .product(name: "Canopy", package: "Canopy")]),
  ],
  swiftLanguageModes: [.v6])
