// SPDX-License-Identifier: GPL-3.0-or-later

import CKernels
import Support

/// The gated recurrent unit (Cho et al., arXiv:1406.1078) in the form that applies the reset gate after the
/// recurrent product, as PyTorch's `nn.GRU` does.
///
/// For an item x and the state h, which is 0 before the first item,
///
/// - r = σ(W_r x + b_r + U_r h + c_r),
/// - z = σ(W_z x + b_z + U_z h + c_z),
/// - n = tanh(W_n x + b_n + r ⊙ (U_n h + c_n)),
/// - h' = (1 − z) ⊙ n + z ⊙ h.
///
/// A sequence's result is h after its last item. The unit over a batch of sequences is one operation with its own
/// backward pass.
public struct GatedRecurrentUnit: Sendable {
  /// The number of components of an item.
  public let inputs: Int
  /// The number of components of the state.
  public let width: Int

  /// W and b.
  package let input: Dense
  /// U and c.
  package let recurrent: Dense

  /// Adds the unit's parameters to a layout: `NAME.input.weight` W `[3 width × inputs]`, `NAME.input.bias` b,
  /// `NAME.recurrent.weight` U `[3 width × width]` and `NAME.recurrent.bias` c, each with the rows of r, z and n in
  /// this order.
  ///
  /// - Parameters:
  ///   - name: the prefix of the parameters' names.
  ///   - inputs: the number of components of an item.
  ///   - width: the number of components of the state.
  ///   - layout: where the parameters are added.
  public init(_ name: String, inputs: Int, width: Int, in layout: inout ParameterLayout) {
    self.inputs = inputs
    self.width = width
    input = Dense(
      "\(name).input", inputs: inputs, outputs: 3 * width, initialisation: .glorot, in: &layout)
    recurrent = Dense(
      "\(name).recurrent", inputs: width, outputs: 3 * width, initialisation: .glorot, in: &layout)
  }

  /// The state after the last item of each sequence: `[sequences × width]`, zeros for an empty sequence.
  ///
  /// - Parameters:
  ///   - items: `[items × inputs]`.
  ///   - sequences: which items make a sequence.
  ///   - direction: the order in which a sequence is read.
  ///   - weights: the weights of the tape's parameters, packed; without them they are packed for this call.
  /// - Returns: `[sequences × width]`.
  public func callAsFunction(
    _ items: Variable, _ sequences: Segments, reading direction: ReadingDirection = .forward,
    _ weights: PackedWeights? = nil
  ) -> Variable {
    require(items.columns == inputs, "a unit for \(inputs) inputs got \(items.columns)")
    sequences.check(items.rows)
    return RecurrentPass.record(self, items, sequences, direction, weights)
  }

  /// The unit with its weights packed in the memory of a tape.
  func packed(on tape: Tape) -> canopy_gru {
    canopy_gru(width: width, input: tape.packed(input), recurrent: tape.packed(recurrent))
  }

  /// The weights of a unit arranged for its products.
  ///
  /// Whoever changes the parameters packs them again with `pack`. It belongs to one thread at a time.
  public final class PackedWeights {
    private let layers: PackedLayers
    private let width: Int

    /// Room for the weights of a unit, filled with those of `parameters`.
    public init(_ unit: GatedRecurrentUnit, _ parameters: Parameters) {
      width = unit.width
      layers = PackedLayers([unit.input, unit.recurrent], parameters)
    }

    /// Arranges the weights of `parameters`, whose layout is the same as before.
    public func pack(_ parameters: Parameters) { layers.pack(parameters) }

    /// The unit that the kernels work with; valid as long as this object and `parameters` are.
    func unit(_ parameters: Parameters) -> canopy_gru {
      canopy_gru(width: width, input: layers.layer(0, parameters), recurrent: layers.layer(1, parameters))
    }
  }
}

@available(*, unavailable)
extension GatedRecurrentUnit.PackedWeights: Sendable {}
