// SPDX-License-Identifier: GPL-3.0-or-later

#include "DegenerateRecombiner.hpp"

#include <cmath>

using fastjet::PseudoJet;

namespace canopy {

void DegenerateRecombiner::recombine(const PseudoJet &a, const PseudoJet &b, PseudoJet &result) const {
  DefaultRecombiner::recombine(a, b, result);
  const double sum = result.px() + result.py() + result.pz() + result.E();
  if (!std::isfinite(sum)) {
    result.reset(a.px() + b.px(), a.py() + b.py(), a.pz() + b.pz(), a.E() + b.E());
  }
  limit_rapidity(result);
}

void DegenerateRecombiner::preprocess(PseudoJet &particle) const {
  const bool rescales = scheme() == fastjet::Et_scheme || scheme() == fastjet::Et2_scheme;
  if (rescales && particle.modp2() == 0) return;
  DefaultRecombiner::preprocess(particle);
  limit_rapidity(particle);
}

void DegenerateRecombiner::limit_rapidity(PseudoJet &particle) {
  if (std::isfinite(particle.rap())) return;
  const double limit = fastjet::MaxRap + std::abs(particle.pz());
  particle.set_cached_rap_phi(particle.pz() >= 0 ? limit : -limit, particle.phi());
}

}  // namespace canopy
