// swift-tools-version: 6.1
// SPDX-License-Identifier: GPL-3.0-or-later

import PackageDescription

let package = Package(
  name: "Canopy",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // System libraries, from Debian's -dev packages.
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // C headers over C++ libraries.
    .target(name: "CHepMC3", linkerSettings: [.linkedLibrary("HepMC3")]),
    .target(name: "CTextParsing", linkerSettings: [.linkedLibrary("simdjson")]),

    .target(name: "JetPhysics"),

    .target(
      name: "EventIO", dependencies: ["CHDF5", "CHepMC3", "CTextParsing", "CZlib", "CZstd", "JetPhysics"]),

    .testTarget(
      name: "EventIOTests", dependencies: ["CZlib", "CZstd", "EventIO", "JetPhysics"], exclude: ["Fixtures"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)
