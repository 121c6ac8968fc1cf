// SPDX-License-Identifier: GPL-3.0-or-later

/// What the spectrum of a number was before a training gave its events, or jets, further weights, and what it is after it.
public struct ReweightedSpectrum: Sendable, Equatable, Codable {
  /// The spectrum of one class.
  public struct Spectrum: Sendable, Equatable, Codable {
    /// The name of the class, such as `label = 1`.
    public let name: String
    /// The weight in each bin before: `[bins]`.
    public let before: [Double]
    /// The weight in each bin after: `[bins]`.
    public let after: [Double]

    /// The spectrum of a class.
    public init(_ name: String, before: [Double], after: [Double]) {
      (self.name, self.before, self.after) = (name, before, after)
    }
  }

  /// The largest difference between the cumulative distributions of two classes, the statistic of Kolmogorov and Smirnov.
  public struct Distance: Sendable, Equatable, Codable {
    /// Before.
    public let before: Double
    /// After.
    public let after: Double

    /// A distance before and after.
    public init(before: Double, after: Double) { (self.before, self.after) = (before, after) }
  }

  /// The event column, or the formula over a jet.
  public let name: String
  /// The edges of the bins, rising: `[bins + 1]`.
  public let edges: [Double]
  /// The classes.
  public let classes: [Spectrum]
  /// How far the classes are from each other, without bins; nil for one class.
  public let distance: Distance?

  /// A spectrum.
  public init(_ name: String, edges: [Double], classes: [Spectrum], distance: Distance?) {
    (self.name, self.edges, self.classes, self.distance) = (name, edges, classes, distance)
  }

  /// Reads a spectrum.
  ///
  /// - Throws: `DecodingError` if the bins and their edges do not go together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(String.self, forKey: .name),
      edges: try container.decode([Double].self, forKey: .edges),
      classes: try container.decode([Spectrum].self, forKey: .classes),
      distance: try container.decodeIfPresent(Distance.self, forKey: .distance))
    guard edges.count > 1, zip(edges, edges.dropFirst()).allSatisfy(<),
      classes.allSatisfy({ $0.before.count == edges.count - 1 && $0.after.count == edges.count - 1 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .edges, in: container,
        debugDescription: "the edges of the spectrum \(name) are not those of its bins")
    }
  }
}
