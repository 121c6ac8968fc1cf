// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy
import Support

// The functions that canopy.h declares under Jets. Their documentation is there.

/// `canopy_finder_open`.
@_cdecl("canopy_finder_open")
public func openFinder(_ settings: UnsafePointer<CChar>?) -> OpaquePointer? {
  reporting {
    do {
      return Handle.make(try Finder(FinderSettings(settings: settings, plugins: LoadedPlugins.registry)))
    } catch let error as any ReportedError {
      // Nothing but the settings can be wrong.
      throw CallError("\(error)")
    }
  }
}

/// `canopy_finder_close`.
@_cdecl("canopy_finder_close")
public func closeFinder(_ finder: OpaquePointer?) { Handle.release(finder, as: Finder.self) }

/// `canopy_find_jets`.
@_cdecl("canopy_find_jets")
public func findJets(
  _ finder: OpaquePointer?, _ events: UnsafePointer<canopy_events>?, _ results: OpaquePointer?
) -> canopy_status {
  status {
    try Handle.object(results, as: ResultStore.self, "results").fill { results in
      try Handle.object(finder, as: Finder.self, "finder").work.run(GivenEvents(events), into: results)
    }
  }
}

/// An open finder.
private final class Finder: Sendable {
  let work: EventWork

  init(_ settings: FinderSettings) throws {
    let catalogue = ObservableCatalogue(settings.observables, plugins: LoadedPlugins.registry)
    let named = try ObservableSet(settings.observables)
    var all = named
    try all.formUnion(catalogue.observables(for: Set(settings.cuts.flatMap(\.columns))))
    for cut in settings.cuts { try cut.check(all) }
    let finder = try settings.jets.finder(trees: settings.work.trees || all.readsTrees)
    let (observables, cuts) = (all, settings.cuts)
    work = try EventWork(
      EventWork.Plan(
        makeWork: {
          let reconstruction = try JetReconstruction(finder, observables: observables, cuts: cuts)
          return { events, prediction in try reconstruction.findJets(in: events, into: &prediction.jets) }
        }, weighting: settings.weighting.found(settings.observables, LoadedPlugins.registry)),
      fields: ResultField.ofJets(settings.work) + named.columns.map(ResultField.init),
      threads: settings.work.threads)
  }
}
