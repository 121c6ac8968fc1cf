// SPDX-License-Identifier: GPL-3.0-or-later

extension HeadOutput {
  /// Throws unless the outputs of a head, or the quantities of a decision, can stand in results: each has a name of its
  /// own without a slash, and a positive width.
  ///
  /// - Parameters:
  ///   - outputs: what is checked.
  ///   - singular: what one of them is called, such as `output`.
  ///   - plural: what they are called, such as `outputs`.
  /// - Throws: ``PluginError``.
  package static func check(_ outputs: [HeadOutput], as singular: String, _ plural: String) throws {
    for (index, output) in outputs.enumerated() {
      guard !output.name.isEmpty, !output.name.contains("/") else {
        throw PluginError(
          "“\(output.name)” cannot be among the \(plural): leave out slashes and do not leave it empty.")
      }
      guard !outputs[..<index].contains(where: { $0.name == output.name }) else {
        throw PluginError(
          "Two \(plural) have the same name: \(outputs.map(\.name).joined(separator: ", ")).")
      }
      guard output.width > 0 else {
        throw PluginError(
          "The \(singular) \(output.name) has the width \(output.width): a width is positive.")
      }
    }
  }
}

extension Head {
  /// Throws unless `outputs` is what the head says that it predicts for `rows` rows.
  ///
  /// - Parameters:
  ///   - outputs: what the head gave.
  ///   - rows: how many rows there are.
  ///   - name: the name that the user gave the head.
  /// - Throws: ``PluginError``.
  package func check(shapeOfOutputs outputs: Variable, rows: Int, name: String) throws {
    let declared = self.outputs
    let width = declared.reduce(0) { $0 + $1.width }
    guard outputs.rows == rows, outputs.columns == width else {
      throw PluginError(
        "The head \(name) gives outputs of \(outputs.rows) × \(outputs.columns) numbers for \(rows) \(self.rows.rawValue), "
          + "but \(declared.map(\.name).joined(separator: ", ")) take \(rows) × \(width): mend the plugin "
          + "\(Self.identifier), or its list of outputs.")
    }
  }

  /// Throws unless `loss` has one number for each of `rows` rows.
  ///
  /// - Parameters:
  ///   - loss: what the head gave.
  ///   - rows: how many rows there are.
  ///   - name: the name that the user gave the head.
  /// - Throws: ``PluginError``.
  package func check(shapeOfLoss loss: Variable, rows: Int, name: String) throws {
    guard loss.rows == rows, loss.columns == 1 else {
      throw PluginError(
        "The head \(name) gives a loss of \(loss.rows) × \(loss.columns) numbers for \(rows) \(self.rows.rawValue), but a "
          + "loss is \(rows) × 1: mend the plugin \(Self.identifier).")
    }
  }
}

extension HeadEvaluation {
  /// The first metric whose value is no number, if there is one.
  package var metricWithoutNumber: Metric? {
    metrics.first { $0.estimate.map { !$0.value.isFinite } ?? false }
  }

  /// Throws unless all figures and tables have names of their own without slashes, and numbers that fit together.
  ///
  /// - Parameters:
  ///   - name: the name that the user gave the head.
  ///   - plugin: the identifier of its plugin.
  /// - Throws: ``PluginError`` that names the head and the figure or the table.
  package func checkFigures(of name: String, plugin: String) throws {
    let parts =
      figures.map { (kind: "figure", name: $0.name, problem: $0.problem) }
      + tables.map { (kind: "table", name: $0.name, problem: $0.problem) }
    for (index, part) in parts.enumerated() {
      let problem: String
      if part.name.isEmpty || part.name.contains("/") {
        problem = "is no name for a file: leave out slashes and do not leave it empty"
      } else if parts[..<index].contains(where: { $0.name == part.name }) {
        problem = "has the name of another figure or table"
      } else if let found = part.problem {
        problem = found
      } else {
        continue
      }
      throw PluginError(
        "The \(part.kind) “\(part.name)” of the head \(name) \(problem); mend the plugin \(plugin).")
    }
  }
}
