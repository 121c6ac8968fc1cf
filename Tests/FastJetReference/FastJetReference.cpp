// SPDX-License-Identifier: GPL-3.0-or-later

#include "FastJetReference.h"

#include <fastjet/ClusterSequence.hh>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

using namespace fastjet;

struct FastJetReference {
  JetDefinition definition;
  ClusterSequence sequence;
  std::vector<PseudoJet> jets;

  int32_t take(std::vector<PseudoJet> found) {
    jets = definition.is_spherical() ? sorted_by_E(found) : sorted_by_pt(found);
    return static_cast<int32_t>(jets.size());
  }
};

namespace {

JetDefinition make_definition(int32_t algorithm, double radius, double power, RecombinationScheme scheme) {
  const auto name = static_cast<JetAlgorithm>(algorithm);
  if (name == ee_kt_algorithm) return JetDefinition(name, scheme);
  if (name == genkt_algorithm || name == ee_genkt_algorithm) return JetDefinition(name, radius, power, scheme);
  return JetDefinition(name, radius, scheme);
}

void copy_momentum(const PseudoJet &jet, double momentum[4]) {
  for (int component = 0; component < 4; ++component) momentum[component] = jet[component];
}

bool is_harder(const PseudoJet &a, const PseudoJet &b, bool by_energy) {
  return by_energy ? a.E() > b.E() : a.perp2() > b.perp2();
}

int32_t write_tree(const PseudoJet &root, bool by_energy, FastJetReferenceNode *nodes) {
  // Everything inside the jet in the order in which clustering made it: particles come first.
  std::map<int, PseudoJet> inside;
  const std::function<void(const PseudoJet &)> visit = [&](const PseudoJet &jet) {
    inside[jet.cluster_hist_index()] = jet;
    PseudoJet parent1, parent2;
    if (!jet.has_parents(parent1, parent2)) return;
    visit(parent1);
    visit(parent2);
  };
  visit(root);
  std::map<int, int32_t> numbers;
  int32_t count = 0;
  for (const auto &[entry, jet] : inside) {
    FastJetReferenceNode &node = nodes[count];
    numbers[entry] = count++;
    copy_momentum(jet, node.momentum);
    node.left = node.right = -1;
    node.merge_scale = 0;
    PseudoJet parent1, parent2;
    if (!jet.has_parents(parent1, parent2)) continue;
    int32_t left = numbers[parent1.cluster_hist_index()], right = numbers[parent2.cluster_hist_index()];
    const bool is_equal = !is_harder(parent1, parent2, by_energy) && !is_harder(parent2, parent1, by_energy);
    if (is_equal ? right < left : is_harder(parent2, parent1, by_energy)) std::swap(left, right);
    node.left = left;
    node.right = right;
    node.merge_scale = jet.validated_cs()->history()[entry].dij;
  }
  return count;
}

}  // namespace

FastJetReference *fastjet_reference_create(const double *momenta, int32_t count, int32_t algorithm, double radius,
                                           double power, int32_t scheme) {
  std::vector<PseudoJet> particles;
  for (int32_t particle = 0; particle < count; ++particle) {
    const double *p = momenta + 4 * particle;
    particles.emplace_back(p[0], p[1], p[2], p[3]);
    particles.back().set_user_index(particle);
  }
  const JetDefinition definition = make_definition(algorithm, radius, power, static_cast<RecombinationScheme>(scheme));
  return new FastJetReference{definition, ClusterSequence(particles, definition), {}};
}

void fastjet_reference_destroy(FastJetReference *reference) { delete reference; }

int32_t fastjet_reference_inclusive(FastJetReference *reference, double minimum_pt) {
  return reference->take(reference->sequence.inclusive_jets(minimum_pt));
}

int32_t fastjet_reference_exclusive_jets(FastJetReference *reference, int32_t count) {
  return reference->take(reference->sequence.exclusive_jets_up_to(count));
}

int32_t fastjet_reference_exclusive_cut(FastJetReference *reference, double cut) {
  return reference->take(reference->sequence.exclusive_jets(cut));
}

void fastjet_reference_jet(const FastJetReference *reference, int32_t jet, double momentum[4]) {
  copy_momentum(reference->jets[jet], momentum);
}

void fastjet_reference_kinematics(const FastJetReference *reference, int32_t jet, double kinematics[5]) {
  const PseudoJet &momentum = reference->jets[jet];
  kinematics[0] = momentum.rap();
  kinematics[1] = momentum.phi();
  kinematics[2] = momentum.m();
  kinematics[3] = momentum.eta();
  kinematics[4] = momentum.theta();
}

int32_t fastjet_reference_constituents(const FastJetReference *reference, int32_t jet, int32_t *constituents) {
  int32_t count = 0;
  for (const PseudoJet &constituent : reference->jets[jet].constituents()) {
    constituents[count++] = constituent.user_index();
  }
  std::sort(constituents, constituents + count);
  return count;
}

int32_t fastjet_reference_tree(const FastJetReference *reference, int32_t jet, FastJetReferenceNode *nodes) {
  return write_tree(reference->jets[jet], reference->definition.is_spherical(), nodes);
}

int32_t fastjet_reference_reclustered_tree(const FastJetReference *reference, int32_t jet, int32_t algorithm,
                                           double power, FastJetReferenceNode *nodes) {
  std::vector<PseudoJet> particles = reference->jets[jet].constituents();
  std::sort(particles.begin(), particles.end(),
            [](const PseudoJet &a, const PseudoJet &b) { return a.user_index() < b.user_index(); });
  const JetDefinition definition =
      make_definition(algorithm, JetDefinition::max_allowable_R, power, reference->definition.recombination_scheme());
  const ClusterSequence sequence(particles, definition);
  const std::vector<PseudoJet> pieces = sequence.inclusive_jets();
  if (pieces.size() != 1) return 0;
  return write_tree(pieces[0], reference->definition.is_spherical(), nodes);
}

int32_t fastjet_reference_differing_entries(const FastJetReference *reference, int64_t first, int64_t count,
                                            const int32_t *parent1, const int32_t *parent2, const double *distance,
                                            const double *maximum_distance, const double *px, const double *py,
                                            const double *pz, const double *energy, double tolerance) {
  const auto &history = reference->sequence.history();
  const auto expected = static_cast<int64_t>(history.size());
  auto differing = static_cast<int32_t>(std::abs(expected - count));
  for (int64_t entry = 0; entry < std::min(expected, count); ++entry) {
    const auto &element = history[entry];
    const int64_t i = first + entry;
    // What a step joins with the beam is its momentum.
    const bool is_beam = element.parent2 == ClusterSequence::BeamJet;
    const PseudoJet &jet =
        reference->sequence.jets()[is_beam ? history[element.parent1].jetp_index : element.jetp_index];
    const double scale = tolerance * std::max(std::abs(jet.E()), std::abs(energy[i]));
    const auto is_close = [&](double a, double b) { return std::abs(a - b) <= scale; };
    const auto is_equal = [&](double a, double b) {
      return a == b || std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b));
    };
    const bool agrees = parent1[i] == element.parent1 && parent2[i] == element.parent2 &&
                        is_equal(distance[i], element.dij) && is_equal(maximum_distance[i], element.max_dij_so_far) &&
                        is_close(px[i], jet.px()) && is_close(py[i], jet.py()) && is_close(pz[i], jet.pz()) &&
                        is_close(energy[i], jet.E());
    if (!agrees) ++differing;
  }
  return differing;
}
