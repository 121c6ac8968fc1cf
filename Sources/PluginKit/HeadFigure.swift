// SPDX-License-Identifier: GPL-3.0-or-later

/// A figure that a head gives back from its evaluation: curves, points and histograms over two axes.
///
/// ```swift
/// let figure = HeadFigure(
///   "resolution", x: HeadFigure.Axis("True mass", unit: "GeV"), y: HeadFigure.Axis("Resolution"),
///   series: [.points("network", x: masses, y: widths, errors: errors)])
/// ```
///
/// A number that is not finite is not known: files have an empty cell or `null` in its place, and a curve has a gap. An
/// error that is not finite or negative is left out. A logarithmic axis shows positive numbers alone. A report does not draw
/// a figure that has nothing to show, and still has its numbers.
public struct HeadFigure: Sendable, Equatable {
  /// One of the two axes.
  public struct Axis: Sendable, Equatable {
    /// What it shows, such as `True mass`.
    public let label: String
    /// The unit, such as `GeV`; nil for a pure number.
    public let unit: String?
    /// Whether it is logarithmic.
    public let isLogarithmic: Bool
    /// Where it begins and ends; nil to show all numbers.
    public let range: ClosedRange<Double>?

    /// The label with the unit: `True mass [GeV]`.
    public var title: String { unit.map { "\(label) [\($0)]" } ?? label }

    /// An axis; on a logarithmic one the range must be positive.
    public init(
      _ label: String, unit: String? = nil, isLogarithmic: Bool = false, range: ClosedRange<Double>? = nil
    ) {
      self.label = label
      self.unit = unit
      self.isLogarithmic = isLogarithmic
      self.range = range
    }
  }

  /// Numbers that are drawn in one colour.
  public struct Series: Sendable, Equatable {
    /// How they are drawn.
    public enum Kind: String, Sendable, Codable {
      /// A line through points, with a band for the errors.
      case curve
      /// Points with error bars.
      case points
      /// A bar for each bin.
      case histogram
    }

    /// What the legend says.
    public let name: String
    /// How the numbers are drawn.
    public let kind: Kind
    /// The places of the points, `[points]`, or the edges of the bins, `[bins + 1]`.
    public let x: [Double]
    /// The values: `[points]` or `[bins]`.
    public let y: [Double]
    /// The errors of the values, one standard deviation each, `[points]` or `[bins]`; nil if there are none.
    public let errors: [Double]?

    private init(_ name: String, _ kind: Kind, _ x: [Double], _ y: [Double], _ errors: [Double]?) {
      (self.name, self.kind, self.x, self.y, self.errors) = (name, kind, x, y, errors)
    }

    /// A line through points, `[points]` each, in their order.
    public static func curve(_ name: String, x: [Double], y: [Double], errors: [Double]? = nil) -> Series {
      Series(name, .curve, x, y, errors)
    }

    /// Points with error bars: `[points]` each.
    public static func points(_ name: String, x: [Double], y: [Double], errors: [Double]? = nil) -> Series {
      Series(name, .points, x, y, errors)
    }

    /// A bar for each bin.
    ///
    /// - Parameters:
    ///   - name: what the legend says.
    ///   - edges: the edges of the bins, finite and rising: `[bins + 1]`.
    ///   - contents: the heights of the bars: `[bins]`.
    ///   - errors: their errors: `[bins]`; nil if there are none.
    /// - Returns: the series.
    public static func histogram(
      _ name: String, edges: [Double], contents: [Double], errors: [Double]? = nil
    ) -> Series {
      Series(name, .histogram, edges, contents, errors)
    }

    /// The densities of a histogram, whose area is 1, with their errors.
    public static func histogram(_ name: String, _ histogram: Histogram) -> Series {
      let bins = histogram.contents.indices
      let densities = bins.map(histogram.density(ofBin:))
      return Series(
        name, .histogram,
        bins.map { histogram.range.lowerBound + Double($0) * histogram.binWidth } + [
          histogram.range.upperBound
        ],
        densities.map(\.value), densities.map { $0.error ?? .nan })
    }
  }

  /// The name, which files have in their names: unique in the head and without a slash.
  public let name: String
  /// The horizontal axis.
  public let x: Axis
  /// The vertical axis.
  public let y: Axis
  /// What is drawn, each with a name of its own.
  public let series: [Series]

  /// A figure of one or more series over two axes.
  public init(_ name: String, x: Axis, y: Axis, series: [Series]) {
    self.name = name
    self.x = x
    self.y = y
    self.series = series
  }
}

extension HeadFigure {
  /// What a report cannot make of the figure, as the end of a sentence; nil if nothing is wrong.
  var problem: String? {
    for (axis, direction) in [(x, "x"), (y, "y")] {
      if axis.label.isEmpty { return "has no label on its \(direction) axis" }
      guard let range = axis.range else { continue }
      guard range.lowerBound < range.upperBound, range.lowerBound.isFinite, range.upperBound.isFinite else {
        return "has the range \(range) on its \(direction) axis, which is no finite interval"
      }
      if axis.isLogarithmic, range.lowerBound <= 0 {
        return "has the range \(range) on its logarithmic \(direction) axis, which is not positive"
      }
    }
    if series.isEmpty { return "has no series" }
    if let name = series.map(\.name).firstWithoutUse {
      return "has a series called “\(name)”, or two of them"
    }
    return series.lazy.compactMap { series in series.problem.map { "has a series \(series.name) with \($0)" }
    }.first
  }
}

extension HeadFigure.Series {
  fileprivate var problem: String? {
    if let errors, errors.count != y.count { return "\(errors.count) errors for \(y.count) values" }
    guard kind == .histogram else {
      return x.count == y.count ? nil : "\(x.count) places for \(y.count) values"
    }
    if x.count != y.count + 1 { return "\(x.count) edges for \(y.count) bins" }
    let rises = zip(x, x.dropFirst()).allSatisfy { $0 < $1 }
    return rises && x.allSatisfy(\.isFinite) ? nil : "edges that do not rise"
  }
}

extension [String] {
  /// The first name that is empty, or is there before it.
  var firstWithoutUse: String? {
    var known: Set<String> = []
    return first { $0.isEmpty || !known.insert($0).inserted }
  }
}
