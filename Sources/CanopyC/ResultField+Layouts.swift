// SPDX-License-Identifier: GPL-3.0-or-later

import CCanopy
import Canopy

extension ResultField {
  /// The arrays that all jets have, and those that were asked for.
  static func ofJets(_ settings: WorkSettings) -> [ResultField] {
    var fields = [
      ResultField("jet/offset", .jetOffset, CANOPY_INT64),
      ResultField("jet/pt", .jetPt, unit: "GeV"), ResultField("jet/rapidity", .jetRapidity),
      ResultField("jet/phi", .jetPhi), ResultField("jet/mass", .jetMass, unit: "GeV"),
    ]
    if settings.constituents {
      fields += [
        ResultField("jet/constituent_offset", .constituentOffset, CANOPY_INT64),
        ResultField("jet/constituent", .constituent, CANOPY_INT32),
      ]
    }
    if settings.trees {
      fields += [
        ResultField("tree/offset", .treeOffset, CANOPY_INT64),
        ResultField("tree/left", .treeLeft, CANOPY_INT32),
        ResultField("tree/right", .treeRight, CANOPY_INT32),
        ResultField("tree/leaf", .treeLeaf, CANOPY_INT32),
        ResultField("tree/pt", .treePt, unit: "GeV"), ResultField("tree/rapidity", .treeRapidity),
        ResultField("tree/phi", .treePhi), ResultField("tree/mass", .treeMass, unit: "GeV"),
        ResultField("tree/kt", .treeKt, unit: "GeV"), ResultField("tree/delta_r", .treeDeltaR),
        ResultField("tree/z", .treeZ),
      ]
    }
    return fields
  }

  /// The array of a number of an observable.
  init(_ column: ObservableColumn) {
    self.init("\(column.rows.arrayName)/\(column.name)", .observable(column), unit: column.unit)
  }

  /// The arrays of what a network predicts.
  static func of(_ network: Network, _ outputs: ModelSettings.Outputs) -> [ResultField] {
    var fields: [ResultField] = []
    if outputs.embeddings, let embedding = network.embedding {
      fields.append(ResultField("jet/embedding", .jetEmbedding, CANOPY_FLOAT32, width: embedding.width))
    }
    if outputs.embeddings, let events = network.events {
      fields.append(ResultField("event/embedding", .eventEmbedding, CANOPY_FLOAT32, width: events.width))
    }
    guard outputs.heads else { return fields }
    for (index, named) in network.heads.enumerated() {
      var column = 0
      for output in named.head.outputs {
        fields.append(
          ResultField(
            "\(named.head.rows.arrayName)/\(named.name)/\(output.name)", .output(head: index, column: column),
            CANOPY_FLOAT32, unit: output.unit, width: output.width == 1 ? nil : output.width))
        column += output.width
      }
    }
    return fields
  }
}

extension HeadRows {
  /// What arrays of such rows begin with.
  fileprivate var arrayName: String {
    switch self {
    case .events: "event"
    case .jets: "jet"
    case .constituents: "constituent"
    case .splittings: "splitting"
    }
  }
}
