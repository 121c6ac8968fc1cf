// SPDX-License-Identifier: GPL-3.0-or-later

import ArgumentParser
import Canopy

/// Which observables are computed and written with results.
struct ObservableOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Add the numbers of an observable; may be given several times.",
      discussion: """
        It is a name from canopy plugin list, as in soft-drop, or a name of your own with settings, as in \
        'tight: {plugin: soft-drop, z-cut: 0.2}'. Its numbers are called NAME/QUANTITY, and are in the results for \
        events, jets, constituents or splittings, whichever they are numbers of.
        """,
      valueName: "name"))
  var observable: [String] = []

  /// The observables; a name that a model gives one of its own is that one.
  ///
  /// - Throws: `ValidationError` that says what is wrong with one.
  func set(_ plugins: PluginRegistry, of model: Model? = nil) throws -> ObservableSet {
    do {
      let set = try read(plugins, model?.network.observables ?? ObservableSet())
      if var all = model?.network.observables {
        do {
          try all.formUnion(set)
        } catch {
          throw PluginError(
            "--observable names an observable as the model names one of other settings: give it another name."
          )
        }
      }
      return set
    } catch let error as PluginError {
      throw ValidationError("\(error)")
    } catch let error as ConfigurationError {
      throw ValidationError("\(error)")
    }
  }

  private func read(_ plugins: PluginRegistry, _ known: ObservableSet) throws -> ObservableSet {
    var set = ObservableSet()
    for text in observable {
      guard !text.allSatisfy(\.isWhitespace) else {
        throw PluginError("--observable is empty: give a name, such as soft-drop.")
      }
      if let own = known.members.first(where: { $0.name == text }) {
        try set.add(ObservableChoice(own))
        continue
      }
      let isName = text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
      let node = try ConfigurationNode(yaml: isName ? "\(text): {}" : text, source: "--observable \(text)")
      let sections = try node.decode(
        OrderedMapping<ObservableSection>.self, userInfo: [.plugins: plugins]
      ) { _ in [] }
      for section in sections {
        guard set.members.allSatisfy({ $0.name != section.key }) else {
          throw PluginError("The observable \(section.key) is asked for twice: name it once.")
        }
        try set.add(section.value.choice)
      }
    }
    return set
  }
}
