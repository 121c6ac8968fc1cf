// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <fastjet/JetDefinition.hh>

namespace canopy {

/// FastJet's recombination with a result for every finite input.
///
/// FastJet's formulae for massless and winner-takes-all schemes are 0/0 or 0·∞ for particles at rest and for
/// momenta exactly along the beam; the infinite rapidities and NaNs that follow would index outside FastJet's
/// tiles. If the formula has a finite result, this recombiner gives it, bit for bit.
class DegenerateRecombiner final : public fastjet::JetDefinition::DefaultRecombiner {
 public:
  explicit DegenerateRecombiner(fastjet::RecombinationScheme scheme) : DefaultRecombiner(scheme) {}

  /// FastJet's result if it is finite, else the sum of the four-momenta.
  void recombine(const fastjet::PseudoJet &a, const fastjet::PseudoJet &b, fastjet::PseudoJet &result) const override;

  /// As FastJet, but the Et schemes leave a particle at rest as it is: it has no direction to rescale.
  void preprocess(fastjet::PseudoJet &particle) const override;

  /// Gives a momentum along the beam FastJet's large rapidity, ±(1e5 + |pz|), if rounding made its mass
  /// imaginary and its rapidity infinite.
  static void limit_rapidity(fastjet::PseudoJet &particle);
};

}  // namespace canopy
