// SPDX-License-Identifier: GPL-3.0-or-later

#include <fastjet/ClusterSequence.hh>

#include <cmath>
#include <limits>
#include <vector>

#include "CFastJet.h"
#include "ProcessState.hpp"
#include "Workspace.hpp"

using fastjet::ClusterSequence;
using fastjet::JetDefinition;
using fastjet::PseudoJet;

namespace {

std::vector<PseudoJet> jets_of(const ClusterSequence &sequence, const CFastJetTask &task) {
  switch (task.selection) {
    case CFastJetInclusive: return sequence.inclusive_jets(task.minimum_pt);
    case CFastJetExclusiveJets: return sequence.exclusive_jets_up_to(task.exclusive_jets);
    case CFastJetExclusiveCut: return sequence.exclusive_jets(task.exclusive_cut);
  }
  return {};
}

double cluster(const CFastJetTask &task, const CFastJetEvents &events) {
  const JetDefinition definition = canopy::Definition(task.algorithm, task.radius, task.power, task.scheme).get(false);
  const JetDefinition reclustering =
      canopy::Definition(task.recluster_algorithm, JetDefinition::max_allowable_R, task.power, task.scheme).get(false);
  double sum = 0;
  for (int64_t event = 0; event < events.count; ++event) {
    std::vector<PseudoJet> particles;
    for (int64_t i = events.offsets[event]; i < events.offsets[event + 1]; ++i) {
      particles.push_back(PseudoJet(events.px[i], events.py[i], events.pz[i], events.energy[i]));
    }
    const ClusterSequence sequence(particles, definition);
    int64_t kept = 0;
    for (const PseudoJet &jet : sorted_by_pt(jets_of(sequence, task))) {
      if (std::isfinite(task.maximum_abs_rapidity) && std::abs(jet.rap()) > task.maximum_abs_rapidity) continue;
      if (++kept > task.leading) break;
      sum += jet.pt();
      if (!task.recluster) continue;
      const ClusterSequence tree(jet.constituents(), reclustering);
      sum += tree.inclusive_jets().front().pt();
    }
  }
  return sum;
}

}  // namespace

double cfastjet_cluster_plainly(const CFastJetTask *task, const CFastJetEvents *events) {
  canopy::settle_fastjet();
  try {
    return cluster(*task, *events);
  } catch (...) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}
