// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import PluginTesting

/// `canopy plugin check`.
struct PluginCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks that the plugins of a library do what every plugin has to.",
    discussion: """
      Each stage and each head is tried with its example in a small network, each observable is computed and each \
      decision is asked with its example, on events that are made for it. A format of events reads its example, whole, \
      cut short and damaged; a format of results, or one that events are written in, writes what is made for it. Each \
      check has a process of its own, so that one that crashes is one that fails. The exit status is 1 if a check fails.

      EXAMPLES:
        canopy plugin check .build/release/libMyTagger.so
        canopy plugin check .build/release/libMyTagger.so --only gradients
      """)

  @Argument(
    help: "The library of the plugin, or the folder of its package.", completion: .file(extensions: ["so"]))
  var path: String

  @Option(
    help: ArgumentHelp(
      "Run this check alone, in the program's own process: \(Self.checks.joined(separator: ", ")).",
      valueName: "check"))
  var only: String?

  @Option(help: "How the results are printed: table for people, json for programs.")
  var format = EvaluateCommand.Format.table

  /// The names of all checks, each once: of heads, then those that only other kinds have.
  private static let checks: [String] =
    (HeadCheck.allCases.map(\.rawValue) + DecisionCheck.allCases.map(\.rawValue)
    + StageCheck.allCases.map(\.rawValue) + ObservableCheck.allCases.map(\.rawValue)
    + EventFormatCheck.allCases.map(\.rawValue) + OutputFormatCheck.allCases.map(\.rawValue))
    .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }

  func validate() throws {
    if let only, !Self.checks.contains(only) {
      throw ValidationError(
        "--only is \(only); choose one of \(Self.checks.joined(separator: ", ")).")
    }
  }

  func run() throws {
    var passed = true
    try reportingFailures {
      var registry = PluginRegistry.builtIn
      try registry.load(path)
      let plugins = try CheckedPlugin.all(of: registry)
      guard !plugins.isEmpty else {
        writeToStandardError(
          "canopy: \(path.printable) brings no observable, stage, head, decision or format: there is nothing to check "
            + "(cells are not)\n")
        return
      }
      let results =
        try only.map { check in plugins.compactMap { $0.result(of: check) } }
        ?? Self.checks.filter { check in plugins.contains { $0.checks.contains { $0.name == check } } }
        .flatMap { try resultsOfProcess($0, plugins) }
      switch format {
      case .json:
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeToStandardOutput(encoder.encode(results) + Data("\n".utf8))
      case .table: try writeToStandardOutput(Data(Listing(results, of: plugins).text.utf8))
      }
      passed = results.allSatisfy(\.passed)
    }
    if !passed { throw ExitCode(1) }
  }

  /// Runs a check in a process of its own.
  private func resultsOfProcess(_ check: String, _ plugins: [CheckedPlugin]) throws -> [CheckResult] {
    let process = Process()
    let output = Pipe()
    process.executableURL = Bundle.main.executableURL
    process.arguments = ["plugin", "check", path, "--only", check, "--format", "json"]
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
    return plugins.compactMap {
      $0.failure(of: check, "The program crashes: run this check by --only \(check) to see more.")
    }
  }
}

/// A plugin that a library brought, and how it is checked.
private struct CheckedPlugin {
  /// A check of its kind.
  struct Check {
    let name: String
    /// What is checked, in a few words.
    let summary: String
    let run: () throws -> Void
  }

  let name: String
  /// `observable`, `stage`, `head`, `decision`, `event format`, `result format` or `event output format`.
  let kind: String
  let checks: [Check]

  init(_ type: any Observable.Type) {
    func checks<O: Observable>(_ type: O.Type) -> [Check] {
      ObservableCheck.allCases.map { check in
        Check(name: check.rawValue, summary: check.summary) { try ObservableConformance(type).run(check) }
      }
    }
    (name, kind, self.checks) = (type.identifier, "observable", checks(type))
  }

  init(_ type: any Stage.Type, _ observables: [any Observable.Type]) {
    func checks<S: Stage>(_ type: S.Type) -> [Check] {
      StageCheck.allCases.map { check in
        Check(name: check.rawValue, summary: check.summary) {
          try StageConformance(type, observables: observables).run(check)
        }
      }
    }
    (name, kind, self.checks) = (type.identifier, "stage", checks(type))
  }

  init(_ type: any Head.Type, _ observables: [any Observable.Type]) {
    func checks<H: Head>(_ type: H.Type) -> [Check] {
      HeadCheck.allCases.map { check in
        Check(name: check.rawValue, summary: check.summary) {
          try HeadConformance(type, observables: observables).run(check)
        }
      }
    }
    (name, kind, self.checks) = (type.identifier, "head", checks(type))
  }

  init(_ type: any Decision.Type) {
    func checks<D: Decision>(_ type: D.Type) -> [Check] {
      DecisionCheck.allCases.map { check in
        Check(name: check.rawValue, summary: check.summary) { try DecisionConformance(type).run(check) }
      }
    }
    (name, kind, self.checks) = (type.identifier, "decision", checks(type))
  }

  init(_ format: any EventFormat) {
    name = format.name
    kind = "event format"
    checks = EventFormatCheck.allCases.map { check in
      Check(name: check.rawValue, summary: check.summary) { try EventFormatConformance(format).run(check) }
    }
  }

  init(_ format: any ResultFormat) {
    name = format.name
    kind = "result format"
    // Results are not read again.
    checks = OutputFormatCheck.allCases.filter { $0 != .reading }.map { check in
      Check(name: check.rawValue, summary: check.summary) { try OutputFormatConformance(format).run(check) }
    }
  }

  /// A format that events are written in; one of `formats` may read it.
  init(_ format: any EventOutputFormat, _ formats: EventFormats) {
    name = format.name
    kind = "event output format"
    checks = OutputFormatCheck.allCases.map { check in
      Check(name: check.rawValue, summary: check.summary) {
        try OutputFormatConformance(format, formats: formats).run(check)
      }
    }
  }

  /// All that libraries have brought.
  static func all(of registry: PluginRegistry) throws -> [CheckedPlugin] {
    let (events, results, outputs) = (
      registry.eventFormats, registry.resultFormats, registry.eventOutputFormats
    )
    let observables = try registry.observableIdentifiers
      .filter { registry.origin(ofObservable: $0) != .builtIn }.map { try registry.observable($0) }
    return try observables.map { CheckedPlugin($0) }
      + registry.stageIdentifiers.filter { registry.origin(ofStage: $0) != .builtIn }
      .map { CheckedPlugin(try registry.stage($0), observables) }
      + registry.headIdentifiers.filter { registry.origin(ofHead: $0) != .builtIn }
      .map { CheckedPlugin(try registry.head($0), observables) }
      + registry.decisionIdentifiers.filter { registry.origin(ofDecision: $0) != .builtIn }
      .map { CheckedPlugin(try registry.decision($0)) }
      + events.all.filter { registry.origin(ofEventFormat: $0.name) != .builtIn }.map { CheckedPlugin($0) }
      + results.all.filter { registry.origin(ofResultFormat: $0.name) != .builtIn }.map { CheckedPlugin($0) }
      + outputs.all.filter { registry.origin(ofEventOutputFormat: $0.name) != .builtIn }
      .map { CheckedPlugin($0, events) }
  }

  /// What a check says of the plugin; nil if it is no check of its kind.
  func result(of name: String) -> CheckResult? {
    checks.first { $0.name == name }.map { CheckResult(self, $0, $0.run) }
  }

  /// The result if the check does not come to its end; nil if it is no check of its kind.
  func failure(of name: String, _ sentence: String) -> CheckResult? {
    checks.first { $0.name == name }.map { CheckResult(self, $0) { throw PluginError(sentence) } }
  }
}

/// What a check says of a plugin.
private struct CheckResult: Codable {
  var plugin: String
  /// That of ``CheckedPlugin/kind``.
  var kind: String
  var check: String
  var passed: Bool
  var failure: String?

  init(_ plugin: CheckedPlugin, _ check: CheckedPlugin.Check, _ run: () throws -> Void) {
    (self.plugin, kind, self.check) = (plugin.name, plugin.kind, check.name)
    do {
      try run()
      passed = true
    } catch {
      passed = false
      failure = "\(error)"
    }
  }
}

extension Listing {
  /// What checks say, for people.
  fileprivate init(_ results: [CheckResult], of plugins: [CheckedPlugin]) {
    for plugin in plugins {
      begin("\(plugin.kind) \(plugin.name)")
      add(
        table: [["check", "result", "what is checked, or what is wrong"]]
          + plugin.checks.compactMap { check in
            results.first { $0.kind == plugin.kind && $0.plugin == plugin.name && $0.check == check.name }
              .map { [check.name, $0.passed ? "passed" : "FAILED", $0.failure ?? check.summary] }
          })
    }
  }
}
