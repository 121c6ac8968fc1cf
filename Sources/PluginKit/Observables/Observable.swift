// SPDX-License-Identifier: GPL-3.0-or-later

/// A plugin that works named numbers out of events and jets: a groomed mass, the Lund coordinates of splittings.
///
/// What it gives does not depend on weights. It is computed once, right after the jets are found, and is then a column
/// called `NAME/QUANTITY` that `canopy cluster --observable` writes, cuts and menus compare, heads read and the
/// recursive network has as a feature of nodes.
///
/// ```swift
/// /// The pT-weighted mean distance of a jet's constituents from its axis.
/// struct Girth: Observable {
///   struct Configuration: Codable, Sendable {}
///   static let identifier = "girth"
///   static let version = PluginVersion(1, 0, 0)
///   static let summary = "The pT-weighted mean distance of a jet's constituents from its axis."
///   static let example = Configuration()
///   let configuration: Configuration
///   init(configuration: Configuration) { self.configuration = configuration }
///   var rows: HeadRows { .jets }
///   var quantities: [ObservableQuantity] { [ObservableQuantity("girth", "Σ pT ΔR / Σ pT")] }
///
///   func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) {
///     for jet in 0..<sample.jets.jetCount {
///       let axis = sample.jets.momentum(ofJet: jet)
///       var (sum, total) = (0.0, 0.0)
///       for constituent in sample.jets.constituents(ofJet: jet) {
///         let p = sample.momentum(ofConstituent: constituent, ofJet: jet)
///         sum += p.pt * p.deltaR(to: axis)
///         total += p.pt
///       }
///       values.append(total > 0 ? sum / total : .nan)
///     }
///   }
/// }
/// ```
public protocol Observable: Sendable {
  /// What a user writes beside `plugin` in YAML, and what a model stores.
  ///
  /// Unknown keys are refused; give defaults in `init(from:)` or by optional properties, so that `{}` is a configuration.
  associatedtype Configuration: Codable & Sendable
  /// Memory that is kept from batch to batch; each thread has its own. None unless given.
  associatedtype Scratch = NoObservableScratch

  /// The name by which configurations and models ask for this plugin, such as `soft-drop`.
  static var identifier: String { get }
  /// The version of the plugin, which a model stores.
  static var version: PluginVersion { get }
  /// One sentence that says what the plugin does.
  static var summary: String { get }
  /// A configuration to show to users and to test the observable with.
  static var example: Configuration { get }

  /// An observable.
  ///
  /// - Throws: ``PluginError`` if the configuration makes no sense.
  init(configuration: Configuration) throws

  /// The configuration that the observable was made from, defaults filled in.
  var configuration: Configuration { get }
  /// What there is a row of numbers for.
  var rows: HeadRows { get }
  /// The numbers of a row, in their order.
  var quantities: [ObservableQuantity] { get }

  /// Adds the numbers of all rows, row-major `[rows × quantities]`; NaN for what a row does not have.
  ///
  /// Rows of constituents are in the order of `Jets.constituents`, rows of splittings in that of `JetTrees`. An event's
  /// numbers depend on no other event.
  ///
  /// - Throws: ``PluginError``, whose row is the event, if an event lacks what the observable needs.
  func callAsFunction(_ sample: ObservableInputs<Self>, _ values: inout [Double]) throws

  /// Whether the trees of jets are read; true for an observable of splittings unless given.
  var readsTrees: Bool { get }
  /// The columns of particles that are read; none unless given.
  var particleColumns: Set<String> { get }
  /// Memory for one thread.
  ///
  /// - Throws: what making it throws.
  func makeScratch() throws -> Scratch
}

extension Observable {
  /// True for an observable of splittings.
  public var readsTrees: Bool { rows == .splittings }

  /// None.
  public var particleColumns: Set<String> { [] }
}

extension Observable where Scratch == NoObservableScratch {
  /// None.
  public func makeScratch() -> NoObservableScratch { NoObservableScratch() }
}

/// The memory of observables that keep none.
public struct NoObservableScratch: Sendable {
  /// None.
  public init() {}
}

/// One number of an observable.
public struct ObservableQuantity: Sendable, Hashable, Codable {
  /// The name, such as `mass`.
  public let name: String
  /// The unit, such as `GeV`; nil for a pure number.
  public let unit: String?
  /// What it is, in a few words.
  public let meaning: String

  /// A number called `name`.
  ///
  /// - Parameters:
  ///   - name: the name, without a slash.
  ///   - meaning: what it is, in a few words.
  ///   - unit: the unit; nil for a pure number.
  public init(_ name: String, _ meaning: String, unit: String? = nil) {
    self.name = name
    self.meaning = meaning
    self.unit = unit
  }
}
