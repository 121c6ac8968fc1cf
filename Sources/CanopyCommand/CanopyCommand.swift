// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy
import Foundation
import Support

/// The program `canopy`.
@main
struct CanopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "canopy",
    abstract: "Turns the particles of a collision into decisions: jets, embeddings, scores.",
    discussion: """
      Particles are clustered into jets with FastJet; the clustering tree of each jet is read by a QCD-aware \
      recursive network (arXiv:1702.00748) that ends with an embedding of the jet; the jets of an event are read by \
      a recurrent unit that ends with an embedding of the event; heads on the embeddings tag jets and classify events.

      Momenta, energies and masses are in GeV; rapidity is meant unless a name says pseudorapidity; azimuths are \
      in [0, 2π). Events are counted from 0 through all inputs.

      EXAMPLES:
        canopy demo
        canopy inspect events.hepmc.zst
        canopy cluster events.hepmc.zst --radius 1.0 --min-pt 200
        canopy train w-tagger.yaml -o w-tagger
        canopy classify events.hepmc.zst --model w-tagger -o scores.h5
        canopy evaluate test.h5 --model w-tagger --report report
        canopy classify events.hepmc --model dihiggs --condition resonance_mass=500

      EXIT STATUS:
        0 done, 1 the work failed, 64 the command line was wrong, 65 the input was wrong.
      """,
    version: version,
    subcommands: [
      ClusterCommand.self, DetectorCommand.self, EmbedCommand.self, ClassifyCommand.self, TrainCommand.self,
      ScanCommand.self, SettingsCommand.self, EvaluateCommand.self, GenerateCommand.self, ExportCommand.self,
      TriggerCommand.self,
      InspectCommand.self,
      PluginCommand.self, BenchCommand.self, DemoCommand.self,
    ])

  static func main() {
    // A reader that goes away, as in `canopy … | head`, is told by the failing write instead.
    signal(SIGPIPE, SIG_IGN)
    // So does a limit on the size of files.
    signal(SIGXFSZ, SIG_IGN)
    Interruption.listen()
    do {
      try checkSubcommand(CommandLine.arguments.dropFirst().first)
      var command = try parseAsRoot()
      try command.run()
    } catch {
      exit(withError: error)
    }
  }

  /// The parser suggests options, but not subcommands.
  private static func checkSubcommand(_ name: String?) throws {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let name, !name.hasPrefix("-"), name != "help", !names.contains(name) else { return }
    let advice = name.nearest(among: names).map { "Did you mean '\($0)'?" }
    throw ValidationError(
      "There is no subcommand '\(name)'. \(advice ?? "The subcommands are \(names.joined(separator: ", ")).")"
    )
  }

  private static var version: String {
    """
    canopy \(CanopyVersion.current), with FastJet \(FastJetCredit.version)
    If you use the jets, please cite \(FastJetCredit.citation).
    """
  }
}
