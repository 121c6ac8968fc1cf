// SPDX-License-Identifier: GPL-3.0-or-later

extension HeadEvaluation {
  /// Adds what a score tells of a number that it is not to tell: the metric `1/JSD of NAME at 50 %`, tables of the cuts and
  /// of the bins, and figures of the spectra, of the efficiencies and of the rejection against 1/JSD.
  ///
  /// What was added of the same number before stays alone.
  ///
  /// - Parameters:
  ///   - dependence: how much cuts shape the background's spectrum of the number.
  ///   - unit: the unit of the number, such as `GeV`; nil for a pure number.
  public mutating func add(_ dependence: NuisanceDependence, unit: String? = nil) {
    let name = dependence.name.replacing("/", with: "-")
    guard !tables.contains(where: { $0.name == name }) else { return }
    func percent(_ cut: NuisanceDependence.Cut) -> String {
      "\(Int((100 * cut.rejection.signalEfficiency).rounded())) %"
    }
    let cuts = dependence.cuts
    metrics += cuts.filter { $0.rejection.signalEfficiency == 0.5 }.map {
      Metric(Self.metricName(ofDependenceOn: dependence.name), $0.inverseDivergence)
    }
    tables.append(
      HeadTable(
        name,
        columns: [
          HeadTable.Column("signal efficiency", texts: cuts.map(percent)),
          HeadTable.Column(
            "1/ε_B", estimates: cuts.map { $0.rejection.isLowerLimit ? nil : $0.rejection.rejection }),
          HeadTable.Column(
            "1/JSD of background", estimates: cuts.map { $0.divergence == nil ? nil : $0.inverseDivergence }),
          HeadTable.Column(
            "1/JSD of an independent score",
            // No divergence exceeds 1: the leading order means nothing for so few events.
            numbers: cuts.map { $0.independentDivergence.map { $0 < 1 ? 1 / $0 : .nan } ?? .nan }),
        ]))
    let bins = 0..<dependence.edges.count - 1
    tables.append(
      HeadTable(
        "\(name)-bins",
        columns: [
          HeadTable.Column("\(dependence.name) from", unit: unit, numbers: bins.map { dependence.edges[$0] }),
          HeadTable.Column("to", unit: unit, numbers: bins.map { dependence.edges[$0 + 1] }),
        ]
          + cuts.map { HeadTable.Column("ε_B at \(percent($0))", estimates: $0.backgroundEfficiencies) }
          + cuts.map { HeadTable.Column("ε_S at \(percent($0))", estimates: $0.signalEfficiencies) }))
    let axis = HeadFigure.Axis(dependence.name, unit: unit)
    func spectrum(_ title: String, _ sums: [Double], _ squares: [Double]) -> HeadFigure.Series {
      let total = sums.reduce(0, +)
      func densities(_ numbers: [Double]) -> [Double] {
        bins.map { numbers[$0] / (total * (dependence.edges[$0 + 1] - dependence.edges[$0])) }
      }
      return .histogram(
        title, edges: dependence.edges, contents: densities(sums),
        errors: densities(squares.map { $0.squareRoot() }))
    }
    figures.append(
      HeadFigure(
        "\(name)-spectra", x: axis, y: HeadFigure.Axis("Density of the background"),
        series: [spectrum("all background", dependence.background, dependence.backgroundSquares)]
          + cuts.map { spectrum("passing at ε_S = \(percent($0))", $0.passing, $0.passingSquares) }))
    let centres = bins.map { (dependence.edges[$0] + dependence.edges[$0 + 1]) / 2 }
    figures.append(
      HeadFigure(
        "\(name)-efficiency", x: axis, y: HeadFigure.Axis("Background efficiency", isLogarithmic: true),
        series: cuts.map { cut in
          .points(
            "ε_S = \(percent(cut))", x: centres, y: cut.backgroundEfficiencies.map { $0?.value ?? .nan },
            errors: cut.backgroundEfficiencies.map { $0?.error ?? .nan })
        }))
    let curve = dependence.curve.filter { !$0.rejection.isLowerLimit }
    figures.append(
      HeadFigure(
        "\(name)-trade-off", x: HeadFigure.Axis("1/JSD of the background", isLogarithmic: true),
        y: HeadFigure.Axis("Background rejection 1/ε_B", isLogarithmic: true),
        series: [
          .curve(
            "ε_S from 90 % to 5 %", x: curve.reversed().map(\.inverseDivergence.value),
            y: curve.reversed().map(\.rejection.rejection.value))
        ]
          + cuts.filter { !$0.rejection.isLowerLimit }.map { cut in
            .points(
              "ε_S = \(percent(cut))", x: [cut.inverseDivergence.value],
              y: [cut.rejection.rejection.value], errors: [cut.rejection.rejection.error ?? .nan])
          }))
  }

  /// The name of the metric of a number that a score is not to tell.
  public static func metricName(ofDependenceOn name: String) -> String { "1/JSD of \(name) at 50 %" }
}
