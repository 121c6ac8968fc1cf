// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PackagePlugin

/// Gives a module a fingerprint of the sources of the product that has the module's name, which has all modules that a plugin
/// can be compiled against, and of all modules behind these.
///
/// A plugin is compiled with the layouts of types that these sources declare; a program that was built from others
/// must not load it.
@main struct SourceFingerprint: BuildToolPlugin {
  /// The command that writes `SourceFingerprint.swift`, whenever one of the sources has changed.
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let root = context.package.directoryURL
    let product = context.package.products.first { $0.name == target.name }
    let targets = (product?.targets ?? [target]).flatMap { [$0] + $0.recursiveTargetDependencies }
    let sources = try Set(targets.flatMap { try files(of: $0.directoryURL) })
      .filter { $0.path.hasPrefix(root.path) }
      .sorted { $0.path < $1.path }
    let output = context.pluginWorkDirectoryURL.appending(path: "SourceFingerprint.swift")
    let script = root.appending(path: "Sources/SourceFingerprint/fingerprint.sh")
    return [
      .buildCommand(
        displayName: "Taking the fingerprint of the sources of \(target.name)",
        executable: URL(filePath: "/bin/sh"),
        arguments: [script.path, root.path, output.path] + sources.map(\.path),
        inputFiles: [script] + sources, outputFiles: [output])
    ]
  }

  private func files(of folder: URL) throws -> [URL] {
    let keys: Set<URLResourceKey> = [.isRegularFileKey]
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys))
    return (found?.compactMap { $0 as? URL } ?? []).filter {
      ["c", "cpp", "h", "hpp", "modulemap", "swift"].contains($0.pathExtension)
    }
  }
}
