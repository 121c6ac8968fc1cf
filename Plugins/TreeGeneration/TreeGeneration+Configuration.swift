// SPDX-License-Identifier: GPL-3.0-or-later

import PluginKit

extension TreeGeneration {
  /// The configuration of a generator.
  public struct Configuration: SettingsSection, Encodable, Equatable {
    /// The truth column that has the number of the class, from 0, or its name as text, or a column for each class; nil with
    /// one class.
    public var truth: ClassTruth?
    /// The names of the classes in the order of their numbers; each has a density of its own.
    public var classes: [String] = []
    /// The number of components of a node's state; 48 unless given.
    public var width: Int?
    /// The number of Gaussians of which the densities of angles and shares are made; 6 unless given.
    public var components: Int?
    /// The number of bins of the azimuth of a branching relative to that of the branching before; 16 unless given.
    public var azimuthBins: Int?

    /// A configuration, with the defaults of the properties.
    public init(
      truth: ClassTruth? = nil, classes: [String], width: Int? = nil, components: Int? = nil,
      azimuthBins: Int? = nil
    ) {
      self.truth = truth
      self.classes = classes
      self.width = width
      self.components = components
      self.azimuthBins = azimuthBins
    }

    /// A generator of no class yet.
    public init() {}

    /// The settings, in the order of tables.
    public static let settings: [Setting<Configuration>] = [
      Setting(
        "truth", \.truth,
        "the column with the number of the class, from 0, or its name as text, or a list of columns, one for each class; needed with two "
          + "or more classes, and left out with one"),
      Setting(
        "classes", \.classes, "the classes in the order of their numbers; each has a density of its own",
        isRequired: true, range: "1 to 1000 names"),
      Setting("width", \.width, .closed(1...1024), "the components of a node's state", default: "48"),
      Setting(
        "components", \.components, .closed(1...64),
        "the Gaussians of which the densities of angles and shares are made", default: "6"),
      Setting(
        "azimuth-bins", \.azimuthBins, .closed(1...256), "the bins of the azimuth of a branching",
        default: "16"),
    ]
  }
}
