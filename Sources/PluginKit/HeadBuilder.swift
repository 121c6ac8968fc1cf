// SPDX-License-Identifier: GPL-3.0-or-later

/// What a head can read and add while a network is put together.
public struct HeadBuilder {
  /// The name that the user gave the head; its parameters are called `heads.NAME.…`.
  public let headName: String
  /// The parameters of the network, the head's layers among them.
  public private(set) var layout: ParameterLayout

  private var jetWidth: Int?
  private var eventWidth: Int?
  private let eventInputs: [String]?
  private let plugins: PluginRegistry

  /// A builder for the head called `headName`, in a network whose parameters so far are `layout`.
  ///
  /// - Parameters:
  ///   - headName: the name that the user gave the head.
  ///   - jetEmbeddingWidth: the width of a jet's embedding; nil for a network that does not embed jets.
  ///   - eventEmbeddingWidth: the width of an event's embedding; nil for a network that does not embed events.
  ///   - eventInputNames: what the network reads of an event in addition to its jets; nil for a network that
  ///     does not read events.
  ///   - layout: the parameters of the network so far.
  ///   - plugins: the heads that may be parts of this one.
  public init(
    headName: String, jetEmbeddingWidth: Int? = nil, eventEmbeddingWidth: Int? = nil,
    eventInputNames: [String]? = nil, layout: ParameterLayout, plugins: PluginRegistry = PluginRegistry()
  ) {
    self.headName = headName
    jetWidth = jetEmbeddingWidth
    eventWidth = eventEmbeddingWidth
    eventInputs = eventInputNames
    self.layout = layout
    self.plugins = plugins
  }

  /// Makes a head of another plugin, which is a part of this one and has its name; its layers are added to the network.
  ///
  /// ```swift
  /// let tagger = try builder.head("jet-tagger", configuration: configuration)
  /// ```
  ///
  /// - Parameters:
  ///   - identifier: the identifier of the plugin.
  ///   - configuration: the plugin's own keys, captured undecoded.
  ///   - further: by how many columns the embeddings that it reads are wider: see ``HeadInputs/widening(_:by:)``.
  /// - Returns: the head.
  /// - Throws: ``PluginError`` if there is no such plugin, and what its configuration and itself throw.
  public mutating func head(
    _ identifier: String, configuration: ConfigurationNode, wider further: [HeadRows: Int] = [:]
  ) throws -> any Head {
    func make<H: Head>(_ type: H.Type) throws -> H {
      var builder = self
      builder.jetWidth = jetWidth.map { $0 + further[.jets, default: 0] }
      builder.eventWidth = eventWidth.map { $0 + further[.events, default: 0] }
      let head = try H(configuration: configuration.decode(H.Configuration.self), builder: &builder)
      layout = builder.layout
      return head
    }
    return try make(plugins.head(identifier))
  }

  /// The number of components of a jet's embedding.
  ///
  /// - Throws: ``PluginError`` if the network does not embed jets.
  public var jetEmbeddingWidth: Int {
    get throws {
      guard let jetWidth else {
        throw PluginError(
          "The head reads the embeddings of jets, which the network does not make: give it the section embedding."
        )
      }
      return jetWidth
    }
  }

  /// The number of components of an event's embedding.
  ///
  /// - Throws: ``PluginError`` if the network does not embed events.
  public var eventEmbeddingWidth: Int {
    get throws {
      guard let eventWidth else {
        throw PluginError(
          "The head reads the embedding of the event, which the network does not make: give it the section events."
        )
      }
      return eventWidth
    }
  }

  /// What the network reads of an event in addition to its jets, in the order of the columns of
  /// ``HeadInputs/eventInputs``; may be empty.
  ///
  /// - Throws: ``PluginError`` if the network does not read events.
  public var eventInputNames: [String] {
    get throws {
      guard let eventInputs else {
        throw PluginError(
          "The head reads what is known of the event, which the network does not: give it the section events."
        )
      }
      return eventInputs
    }
  }

  /// Adds a fully connected layer, called `heads.HEAD.NAME`.
  public mutating func dense(
    _ name: String, inputs: Int, outputs: Int, initialisation: Initialisation = .he
  ) -> Dense {
    Dense(
      "heads.\(headName).\(name)", inputs: inputs, outputs: outputs, initialisation: initialisation,
      in: &layout)
  }

  /// Adds fully connected layers with a ReLU after each but the last, called `heads.HEAD.hidden1` … and
  /// `heads.HEAD.last`.
  ///
  /// - Throws: ``PluginError`` if the sizes are out of range: up to 20 hidden layers, each from 1 to 4096
  ///   wide.
  public mutating func perceptron(inputs: Int, hidden: [Int], outputs: Int) throws -> Perceptron {
    guard hidden.count <= 20, hidden.allSatisfy({ (1...4096).contains($0) }) else {
      throw PluginError("A head has up to 20 hidden layers, each from 1 to 4096 wide.")
    }
    return Perceptron(
      "heads.\(headName)", inputs: inputs, hidden: hidden, outputs: outputs, in: &layout)
  }

  /// Makes sure that a probability of dropout is one: see ``HeadInputs/outputs(of:on:dropout:)``.
  ///
  /// - Throws: ``PluginError`` if it is not from 0 to less than 1.
  public func check(dropout: Double?) throws {
    guard let dropout, !(0..<1).contains(dropout) else { return }
    throw PluginError("A dropout of \(dropout) is no probability from 0 to less than 1.")
  }

  /// Adds any other parameter, called `heads.HEAD.NAME`.
  public mutating func parameter(
    _ name: String, rows: Int, columns: Int, initialisation: Initialisation
  ) -> ParameterID {
    layout.add(
      "heads.\(headName).\(name)", rows: rows, columns: columns, initialisation: initialisation)
  }
}
