// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import PluginTesting

extension HeadCheck: ExpressibleByArgument {}

/// `canopy plugin check`.
struct PluginCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks that the plugins of a library do what every plugin has to.",
    discussion: """
      Each head is tried with its example in a small network, on events that are made for it. Each check has a \
      process of its own, so that one that crashes is one that fails. The exit status is 1 where a check fails.

      EXAMPLES:
        canopy plugin check .build/release/libMyTagger.so
        canopy plugin check .build/release/libMyTagger.so --only gradients
      """)

  @Argument(help: "The library of the plugin.", completion: .file(extensions: ["so"]))
  var path: String

  @Option(
    help: ArgumentHelp("Run this check alone, in the program's own process.", valueName: "check"))
  var only: HeadCheck?

  @Option(help: "How the results are printed: table for people, json for programs.")
  var format = EvaluateCommand.Format.table

  func run() throws {
    var passed = true
    try reportingFailures {
      var registry = PluginRegistry.builtIn
      try registry.load(path)
      let heads = registry.headIdentifiers.filter { registry.origin(ofHead: $0) != .builtIn }
      let results =
        if let only {
          try heads.map { try CheckResult(of: registry.head($0), only) }
        } else {
          try HeadCheck.allCases.flatMap { try resultsOfProcess($0, heads) }
        }
      switch format {
      case .json:
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeToStandardOutput(encoder.encode(results) + Data("\n".utf8))
      case .table: try writeToStandardOutput(Data(Listing(results).text.utf8))
      }
      passed = results.allSatisfy(\.passed)
    }
    if !passed { throw ExitCode(1) }
  }

  /// Runs a check in a process of its own.
  private func resultsOfProcess(_ check: HeadCheck, _ heads: [String]) throws -> [CheckResult] {
    let process = Process()
    let output = Pipe()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["plugin", "check", path, "--only", check.rawValue, "--format", "json"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationReason == .exit,
      let results = try? JSONDecoder().decode([CheckResult].self, from: data)
    {
      return results
    }
    return heads.map { head in
      CheckResult(
        plugin: head, check: check.rawValue, passed: false,
        failure: "The program crashes: run this check by --only \(check.rawValue) to see more.")
    }
  }
}

/// What a check says of a plugin.
private struct CheckResult: Codable {
  var plugin: String
  var check: String
  var passed: Bool
  var failure: String?
}

extension CheckResult {
  init(of type: any Head.Type, _ check: HeadCheck) {
    func failure<H: Head>(_ type: H.Type) -> String? {
      do {
        try HeadConformance(type).run(check)
        return nil
      } catch {
        return "\(error)"
      }
    }
    let failure = failure(type)
    self.init(plugin: type.identifier, check: check.rawValue, passed: failure == nil, failure: failure)
  }
}

extension Listing {
  /// What checks say, for people.
  fileprivate init(_ results: [CheckResult]) {
    for plugin in Set(results.map(\.plugin)).sorted() {
      begin(plugin)
      let own = results.filter { $0.plugin == plugin }
      add(
        table: [["check", "result", "what is checked, or what is wrong"]]
          + own.map { result in
            let summary = HeadCheck(rawValue: result.check)?.summary
            return [result.check, result.passed ? "passed" : "FAILED", result.failure ?? summary ?? ""]
          })
    }
  }
}
