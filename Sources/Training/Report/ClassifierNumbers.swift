// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation
import PluginKit

/// The single numbers of a classifier's evaluation, as reports and evaluations write them.
struct ClassifierNumbers: Encodable {
  var name: String
  var signal: String
  var background: String
  var signalCount: Int
  var backgroundCount: Int
  var auc: Estimate
  var rejections: [BackgroundRejection]

  /// The numbers of `classifier`.
  init(_ classifier: ClassifierEvaluation) {
    name = classifier.name
    signal = classifier.signalName
    background = classifier.backgroundName
    signalCount = classifier.curve.signalCount
    backgroundCount = classifier.curve.backgroundCount
    auc = classifier.auc
    rejections = classifier.rejections
  }
}

/// JSON files of numbers for programs and people: indented, with sorted keys and a line feed at the end.
enum NumbersFile {
  /// The content of the file.
  static func encode(_ content: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // JSON has no numbers for these.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(content) + Data("\n".utf8)
  }
}
