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
      decision is asked with its example, on events that are made for it. Each check has a process of its own, so that \
      one that crashes is one that fails. The exit status is 1 if a check fails.

      EXAMPLES:
        canopy plugin check .build/release/libMyTagger.so
        canopy plugin check .build/release/libMyTagger.so --only gradients
      """)

  @Argument(help: "The library of the plugin.", completion: .file(extensions: ["so"]))
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
    + StageCheck.allCases.map(\.rawValue) + ObservableCheck.allCases.map(\.rawValue)).reduce(into: [String]())
  { if !$0.contains($1) { $0.append($1) } }

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
      let plugins = LoadedPlugins(of: registry)
      guard !plugins.isEmpty else {
        writeToStandardError(
          "canopy: \(path.printable) brings no observable, stage, head or decision: there is nothing to check (cells are not)\n"
        )
        return
      }
      let results = try only.map(plugins.results) ?? Self.checks.flatMap { try resultsOfProcess($0, plugins) }
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
  private func resultsOfProcess(_ check: String, _ plugins: LoadedPlugins) throws -> [CheckResult] {
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
    return plugins.failures(
      of: check, "The program crashes: run this check by --only \(check) to see more.")
  }
}

/// The plugins that a library brought.
private struct LoadedPlugins {
  let observables: [any Observable.Type]
  let stages: [any Stage.Type]
  let heads: [any Head.Type]
  let decisions: [any Decision.Type]

  var isEmpty: Bool { observables.isEmpty && stages.isEmpty && heads.isEmpty && decisions.isEmpty }

  init(of registry: PluginRegistry) {
    observables = registry.observableIdentifiers.filter { registry.origin(ofObservable: $0) != .builtIn }
      .compactMap { try? registry.observable($0) }
    stages = registry.stageIdentifiers.filter { registry.origin(ofStage: $0) != .builtIn }
      .compactMap { try? registry.stage($0) }
    heads = registry.headIdentifiers.filter { registry.origin(ofHead: $0) != .builtIn }
      .compactMap { try? registry.head($0) }
    decisions = registry.decisionIdentifiers.filter { registry.origin(ofDecision: $0) != .builtIn }
      .compactMap { try? registry.decision($0) }
  }

  /// What a check says of the plugins that it concerns.
  func results(of check: String) -> [CheckResult] {
    let ofObservables = ObservableCheck(rawValue: check).map { check in
      observables.map { type in
        CheckResult(type.identifier, "observable", check.rawValue) { try Self.run(check, type) }
      }
    }
    let ofStages = StageCheck(rawValue: check).map { check in
      stages.map { type in CheckResult(type.identifier, "stage", check.rawValue) { try Self.run(check, type) }
      }
    }
    let ofHeads = HeadCheck(rawValue: check).map { check in
      heads.map { type in CheckResult(type.identifier, "head", check.rawValue) { try Self.run(check, type) } }
    }
    let ofDecisions = DecisionCheck(rawValue: check).map { check in
      decisions.map { type in
        CheckResult(type.identifier, "decision", check.rawValue) { try Self.run(check, type) }
      }
    }
    return (ofObservables ?? []) + (ofStages ?? []) + (ofHeads ?? []) + (ofDecisions ?? [])
  }

  /// The results where no plugin that a check concerns passes.
  func failures(of check: String, _ failure: String) -> [CheckResult] {
    let observables =
      ObservableCheck(rawValue: check) == nil ? [] : observables.map { ($0.identifier, "observable") }
    let stages = StageCheck(rawValue: check) == nil ? [] : stages.map { ($0.identifier, "stage") }
    let heads = HeadCheck(rawValue: check) == nil ? [] : heads.map { ($0.identifier, "head") }
    let decisions = DecisionCheck(rawValue: check) == nil ? [] : decisions.map { ($0.identifier, "decision") }
    return (observables + stages + heads + decisions).map {
      CheckResult($0, $1, check) { throw PluginError(failure) }
    }
  }

  private static func run<O: Observable>(_ check: ObservableCheck, _ type: O.Type) throws {
    try ObservableConformance(type).run(check)
  }

  private static func run<S: Stage>(_ check: StageCheck, _ type: S.Type) throws {
    try StageConformance(type).run(check)
  }

  private static func run<H: Head>(_ check: HeadCheck, _ type: H.Type) throws {
    try HeadConformance(type).run(check)
  }

  private static func run<D: Decision>(_ check: DecisionCheck, _ type: D.Type) throws {
    try DecisionConformance(type).run(check)
  }
}

/// What a check says of a plugin.
private struct CheckResult: Codable {
  var plugin: String
  /// `observable`, `stage`, `head` or `decision`.
  var kind: String
  var check: String
  var passed: Bool
  var failure: String?

  init(_ plugin: String, _ kind: String, _ check: String, _ run: () throws -> Void) {
    (self.plugin, self.kind, self.check) = (plugin, kind, check)
    do {
      try run()
      passed = true
    } catch {
      passed = false
      failure = "\(error)"
    }
  }

  /// What is checked, in a few words.
  var summary: String? {
    switch kind {
    case "observable": ObservableCheck(rawValue: check)?.summary
    case "stage": StageCheck(rawValue: check)?.summary
    case "head": HeadCheck(rawValue: check)?.summary
    default: DecisionCheck(rawValue: check)?.summary
    }
  }
}

extension Listing {
  /// What checks say, for people.
  fileprivate init(_ results: [CheckResult]) {
    for kind in ["observable", "stage", "head", "decision"] {
      for plugin in Set(results.filter { $0.kind == kind }.map(\.plugin)).sorted() {
        begin("\(kind) \(plugin)")
        add(
          table: [["check", "result", "what is checked, or what is wrong"]]
            + results.filter { $0.kind == kind && $0.plugin == plugin }.map { result in
              [result.check, result.passed ? "passed" : "FAILED", result.failure ?? result.summary ?? ""]
            })
      }
    }
  }
}
