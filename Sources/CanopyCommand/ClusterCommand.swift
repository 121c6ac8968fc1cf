// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation

extension JetDefinition.Algorithm: ExpressibleByArgument {}
extension JetDefinition.RecombinationScheme: ExpressibleByArgument {}

/// `canopy cluster`.
struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Finds the jets of events.",
    discussion: """
      Jets come by falling pT, by falling E for the e⁺e⁻ algorithms ee-kt and ee-genkt. Algorithms and \
      recombination schemes are FastJet's.

      EXAMPLES:
        canopy cluster events.hepmc.gz
        canopy cluster events.h5 --algorithm cambridge --radius 0.8 -o jets.jsonl
        canopy cluster lep.txt --algorithm ee-kt --exclusive-jets 3
        canopy cluster events.h5 --radius 1.0 --tree --recluster kt -o trees.h5
      """)

  @OptionGroup(title: "Reading")
  var reading: ReadingOptions

  @Option(help: "The jet algorithm; genkt and ee-genkt need --power.")
  var algorithm = JetDefinition.Algorithm.antikt

  @Option(help: ArgumentHelp("The jet radius R (default: 0.4); ee-kt has none.", valueName: "r"))
  var radius: Double?

  @Option(
    // A power may be negative, which would pass for another option.
    parsing: .unconditional,
    help: ArgumentHelp(
      "The power p of genkt and ee-genkt: -1 is anti-kT, 0 Cambridge/Aachen, 1 kT.", valueName: "p"))
  var power: Double?

  @Option(help: "How two particles become one.")
  var recombination = JetDefinition.RecombinationScheme.e

  @Option(
    help: ArgumentHelp(
      "The smallest pT of an inclusive jet in GeV (default: 5; 0 for e⁺e⁻ algorithms).", valueName: "gev"))
  var minPt: Double?

  @Option(help: ArgumentHelp("The largest |rapidity| of a jet (default: no limit).", valueName: "y"))
  var maxAbsRapidity: Double?

  @Option(
    help: ArgumentHelp("Stop clustering when N jets are left, instead of inclusive jets.", valueName: "n"))
  var exclusiveJets: Int?

  @Option(
    help: ArgumentHelp(
      "Stop clustering when all distances d_ij exceed D, instead of inclusive jets.",
      discussion: "In GeV² for kT and ee-kt, in GeV^2p for others.", valueName: "d"))
  var exclusiveDcut: Double?

  @Option(
    help: ArgumentHelp(
      "Cluster each jet's constituents anew for its tree (default: the tree of the jet algorithm).",
      valueName: "algorithm"))
  var recluster: JetDefinition.Algorithm?

  @Flag(help: "Add the constituents of each jet, as particles counted from 0 in their event.")
  var constituents = false

  @Flag(
    help: ArgumentHelp(
      "Add the clustering tree of each jet.",
      discussion: """
        It is a list of splittings [left, right], left having the larger pT; 0 to n-1 are the jet's n \
        constituents, n and above the splittings in their order, the last of which is the jet.
        """))
  var tree = false

  @OptionGroup(title: "Output")
  var output: OutputOptions

  func validate() throws {
    if radius != nil, !algorithm.hasRadius {
      throw ValidationError("\(algorithm.rawValue) has no radius; leave out --radius.")
    }
    if power != nil, !algorithm.hasPower, recluster?.hasPower != true {
      throw ValidationError("\(algorithm.rawValue) has no power; leave out --power, or choose genkt.")
    }
    if exclusiveJets != nil, exclusiveDcut != nil {
      throw ValidationError("--exclusive-jets and --exclusive-dcut exclude each other; leave one out.")
    }
    let isExclusive = exclusiveJets != nil || exclusiveDcut != nil
    if isExclusive, minPt != nil {
      throw ValidationError("--min-pt is for inclusive jets; leave it out, or the exclusive jets.")
    }
    if algorithm == .eeKt, !isExclusive {
      throw ValidationError(
        "ee-kt joins all particles of an event into one; give --exclusive-jets or --exclusive-dcut.")
    }
    if recluster != nil, !tree {
      throw ValidationError("--recluster changes the tree of a jet alone; add --tree, or leave it out.")
    }
    _ = try checkingOptions(makeFinder)
  }

  func run() throws {
    try reportingFailures {
      let finder = try makeFinder()
      try writeResults(reading: reading, output: output) { [constituents, tree] times in
        let clusterer = try JetClusterer(finder)
        var jets = JetBatch()
        return { events in
          let start = ProcessInfo.processInfo.systemUptime
          try clusterer.findJets(in: events, into: &jets)
          times.add(.clustering, ProcessInfo.processInfo.systemUptime - start)
          var results = ResultBatch(jets, constituents: constituents, trees: tree)
          results.identify(by: events)
          return results
        }
      }
    }
  }

  private func makeFinder() throws -> JetFinder {
    let kind: JetSelection.Kind =
      if let exclusiveJets {
        .exclusiveJets(exclusiveJets)
      } else if let exclusiveDcut {
        .exclusiveCut(exclusiveDcut)
      } else {
        .inclusive(minimumPt: minPt ?? (algorithm.isSpherical ? 0 : 5))
      }
    return try JetFinder(
      JetDefinition(algorithm, radius: radius ?? 0.4, power: power, recombination: recombination),
      selection: JetSelection(kind, maximumAbsRapidity: maxAbsRapidity), recluster: recluster, trees: tree)
  }
}
