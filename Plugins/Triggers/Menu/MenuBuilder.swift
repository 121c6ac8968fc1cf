// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit
import Support

/// Makes the parts of a menu from its description, and finds all that is wrong with it.
struct MenuBuilder {
  private let description: MenuDescription
  private(set) var sources: DecisionSources
  private(set) var observables = ObservableSet()

  private(set) var problems: [DecodingError.Context]
  private(set) var remarks: [DecodingError.Context] = []
  private(set) var paths: [TriggerMenu.Path] = []
  private(set) var quantities: [TriggerMenu.Quantity] = []
  private(set) var thresholds: [TriggerMenu.Threshold] = []
  private(set) var conditions: [TriggerMenu.Condition] = []
  private(set) var statefulConditions: [TriggerMenu.StatefulCondition] = []
  private(set) var order: [Int] = []

  init(_ description: MenuDescription, _ sources: DecisionSources) {
    self.description = description
    self.sources = sources
    self.sources.refusedObservables = description.refusedObservables
    problems = description.problems
  }

  mutating func build() {
    checkRates()
    for (key, problem) in description.rangeProblems { add(problem, [MenuKey(stringValue: key)]) }
    addObservables()
    // If paths cannot be read, their own problems say so.
    if description.paths.isEmpty, problems.isEmpty {
      add("has no paths; give at least one", [MenuKey("paths")])
    }
    checkNames()
    let seeds = findSeeds()
    for (path, its) in description.paths.enumerated() {
      for (key, problem) in its.rangeProblems { add(problem, its.codingPath + [MenuKey(stringValue: key)]) }
      for condition in its.conditions { add(condition, path) }
      paths.append(
        TriggerMenu.Path(
          name: its.name ?? "", prescale: max(1, its.prescale), seed: seeds[path], isSeedOnly: its.isSeedOnly,
          timeBudget: its.timeBudget, nameKeys: its.codingPath + [MenuKey("name")])
      )
    }
    sort()
    checkBudget()
  }

  private mutating func add(_ problem: String, _ codingPath: [any CodingKey]) {
    problems.append(DecodingError.Context(codingPath: codingPath, debugDescription: problem))
  }

  private mutating func addObservables() {
    for choice in description.observables {
      let keys: [any CodingKey] = [
        MenuKey("observables"), MenuKey(stringValue: choice.name),
      ]
      if sources.heads.contains(where: { $0.name == choice.name }) {
        add("has the name of a head of the model: give it another", keys)
        if case .named(let names) = sources.refusedObservables {
          sources.refusedObservables = .named(names.union([choice.name]))
        }
      } else {
        // Unsuitable ones were refused when they were read.
        try? observables.add(choice)
      }
    }
    // What the model reads too must be the same, which whoever computes both makes sure of.
    let known = sources.observables
    sources = sources.adding(observables.columns.filter { !known.contains($0) })
  }

  private mutating func checkRates() {
    var rate = description.rate
    rate.input = description.scaledInputRate
    for (key, problem) in rate.rangeProblems { addToRate(problem, MenuKey(stringValue: key)) }
    checkLuminosity()
    guard let budget = rate.budget, budget > 0 else { return }
    if rate.input == nil {
      addToRate("means nothing without the rate of events that come in; add input", "budget")
    } else if let input = rate.input, input > 0, budget > input {
      addToRate("is more than the \(input) events per second that come in", "budget")
    }
  }

  private mutating func addToRate(_ problem: String, _ key: MenuKey) { add(problem, [MenuKey("rate"), key]) }

  private mutating func checkLuminosity() {
    if let luminosity = description.luminosity {
      if luminosity > 0, description.inputRate == nil {
        addToRate("means nothing without the rate of events that come in; add input", "luminosity")
      }
    } else if description.targetLuminosity != nil {
      add(
        "has no luminosity to scale rates from; add the one at which input holds, or leave out --luminosity",
        [MenuKey("rate")])
    }
  }

  private mutating func checkNames() {
    var known: Set<String> = []
    for path in description.paths {
      guard let name = path.name else { continue }
      let place = path.codingPath + [MenuKey("name")]
      if name.isEmpty || name.contains("/") {
        add("“\(name)” is no name: leave out slashes and do not leave it empty", place)
      } else if !known.insert(name).inserted {
        add("'\(name)' is the name of a path before; give each path its own", place)
      }
    }
  }

  /// The seed of each path, if it has one.
  private mutating func findSeeds() -> [Int?] {
    let names = description.paths.map(\.name)
    let seeds = description.paths.map { path -> Int? in
      guard let seed = path.seed else { return nil }
      let found = names.firstIndex(of: seed)
      // The seed may be a path whose name could not be read.
      if found == nil, !names.contains(nil) {
        let remedy =
          seed.nearest(among: names.compactMap(\.self)).map { "did you mean '\($0)'?" }
          ?? "the paths are \(names.compactMap(\.self).joined(separator: ", "))"
        add(
          "names no path: there is no '\(seed)'; \(remedy)",
          path.codingPath + [MenuKey("seed")])
      }
      return found
    }
    for (path, its) in description.paths.enumerated()
    where its.isSeedOnly && its.name != nil && !seeds.contains(path) && !names.contains(nil) {
      add(
        "is true, but no path has this one for a seed, so that it does nothing",
        its.codingPath + [MenuKey("seed-only")])
    }
    return seeds
  }

  private mutating func add(_ condition: ConditionDescription, _ path: Int) {
    guard let identifier = condition.identifier, let make = condition.make else { return }
    var found = MenuProblems(condition.decisionPath)
    let decision = found.collect([]) {
      let decision = try make(sources)
      try HeadOutput.check(decision.quantities, as: "quantity", "quantities")
      return decision
    }
    problems += found.found
    guard let decision else { return }
    sources = sources.reading(decision.formulas)
    let outputs = decision.quantities
    let bounds = bounds(of: condition, decision)
    if let demand = decision as? any JetDemand, let most = sources.mostJets {
      let fewest = demand.fewestJets(forAtLeast: bounds?.least ?? -.infinity)
      if fewest > most {
        remarks.append(
          .init(
            codingPath: condition.decisionPath,
            debugDescription:
              "can never be met: it takes \(fewest) jets, and the model keeps at most \(most) of an event"))
      }
    }
    let first = quantities.count
    for (name, bound) in [
      (MenuKey("min"), condition.minimum), ("max", condition.maximum),
    ]
    where bound == .tuned {
      thresholds.append(
        TriggerMenu.Threshold(
          quantity: first, path: path, isMinimum: name.stringValue == "min",
          codingPath: condition.codingPath + [name]))
    }
    for output in outputs {
      for index in 0..<output.width {
        let name = output.width == 1 ? output.name : "\(output.name)[\(index)]"
        quantities.append(
          TriggerMenu.Quantity(name: unusedName(name, path), unit: output.unit, path: path))
      }
    }
    let start = decision.start
    if let start {
      statefulConditions.append(
        TriggerMenu.StatefulCondition(
          name: "\(description.paths[path].name ?? "")/\(identifier)", path: path,
          codingPath: condition.decisionPath, condition: conditions.count, start: start))
    }
    conditions.append(
      TriggerMenu.Condition(
        decision: decision, path: path, width: quantities.count - first, quantity: first, bounds: bounds,
        hasState: start != nil))
  }

  /// `PATH/NAME`, or `PATH/NAME-2` and so on if an earlier condition has that name.
  private func unusedName(_ name: String, _ path: Int) -> String {
    let whole = "\(description.paths[path].name ?? "")/\(name)"
    func isUsed(_ name: String) -> Bool { quantities.contains { $0.path == path && $0.name == name } }
    guard isUsed(whole) else { return whole }
    var number = 2
    while isUsed("\(whole)-\(number)") { number += 1 }
    return "\(whole)-\(number)"
  }

  /// The bounds on the first quantity; nil if the decision has none.
  private mutating func bounds(
    of condition: ConditionDescription, _ decision: any Decision
  ) -> (least: Double, largest: Double)? {
    let (minimum, maximum) = (MenuKey("min"), MenuKey("max"))
    let given = [(minimum, condition.minimum), (maximum, condition.maximum)].filter { $0.1 != nil }
    let identifier = type(of: decision).identifier
    if given.isEmpty, type(of: decision).isMeasurement, condition.problems.isEmpty {
      add(
        "needs min, max or both: \(identifier) only measures",
        condition.decisionPath)
    }
    guard decision.quantities.contains(where: { $0.width > 0 }) else {
      for (key, _) in given {
        add("bounds nothing: \(identifier) has no quantity", condition.codingPath + [key])
      }
      return nil
    }
    if condition.minimum == .tuned, condition.maximum == .tuned {
      add("cannot be tuned together with min; give one of them a number", condition.codingPath + [maximum])
    }
    var values = (least: -Double.infinity, largest: Double.infinity)
    if case .value(let value) = condition.minimum { values.least = value }
    if case .value(let value) = condition.maximum { values.largest = value }
    for (key, bound) in given {
      if case .value(let value) = bound, !value.isFinite {
        add("must be a finite number", condition.codingPath + [key])
        return nil
      }
    }
    guard values.least <= values.largest else {
      add("is less than min, so that nothing lies between", condition.codingPath + [maximum])
      return nil
    }
    return values
  }

  /// Finds an order in which each path comes after its seed.
  private mutating func sort() {
    var isSorted = Array(repeating: false, count: paths.count)
    var isStuck = false
    while !isStuck {
      isStuck = true
      for path in paths.indices where !isSorted[path] && (paths[path].seed.map { isSorted[$0] } ?? true) {
        isSorted[path] = true
        isStuck = false
        order.append(path)
      }
    }
    // The remaining paths depend on a circle; the circle itself is the problem.
    for path in paths.indices where !isSorted[path] {
      var circle = [path]
      while let seed = paths[circle[circle.count - 1]].seed, seed != path, circle.count <= paths.count {
        circle.append(seed)
      }
      guard circle.count <= paths.count else { continue }
      let names = (circle + [path]).map { "'\(paths[$0].name)'" }.joined(separator: " needs ")
      add(
        "goes in a circle, so that no path comes first: \(names)",
        description.paths[path].codingPath + [MenuKey("seed")])
    }
  }

  /// Paths without conditions accept a known share of all events; if it exceeds the budget, no cut can mend
  /// that.
  private mutating func checkBudget() {
    guard let input = description.scaledInputRate, let budget = description.budget, input > 0, budget > 0
    else {
      return
    }
    for path in paths.indices where !paths[path].isSeedOnly && order.contains(path) {
      var (rate, place, isKnown) = (input, Optional(path), true)
      while let next = place {
        rate /= Double(paths[next].prescale)
        isKnown = isKnown && description.paths[next].conditions.isEmpty
        place = paths[next].seed
      }
      if isKnown, rate > budget {
        add(
          "has no conditions and accepts \(rate) events per second, more than the budget of \(budget)",
          description.paths[path].codingPath)
      }
    }
  }
}
