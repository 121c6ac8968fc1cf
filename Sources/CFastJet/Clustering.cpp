// SPDX-License-Identifier: GPL-3.0-or-later

#include "Clustering.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

using fastjet::ClusterSequence;
using fastjet::JetDefinition;
using fastjet::PseudoJet;

namespace canopy {

namespace {

// Up to here a group costs FastJet no more than as many particles of different directions.
constexpr int32_t largest_group_left = 8;

bool is_spherical(const JetDefinition &definition) {
  return definition.jet_algorithm() == fastjet::ee_kt_algorithm ||
         definition.jet_algorithm() == fastjet::ee_genkt_algorithm;
}

// Whether FastJet changes particles before it clusters them.
bool has_preprocessing(const JetDefinition &definition) {
  switch (definition.recombination_scheme()) {
    case fastjet::E_scheme:
    case fastjet::BIpt_scheme:
    case fastjet::BIpt2_scheme:
    case fastjet::WTA_pt_scheme:
    case fastjet::WTA_modp_scheme: return false;
    default: return true;
  }
}

}  // namespace

// MARK: - Particles of one direction

size_t CoincidentParticles::Direction::hash() const {
  uint64_t mixed = 0;
  for (const double value : {x, y, z}) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    mixed = (mixed ^ bits) * 0x9e3779b97f4a7c15;
    mixed ^= mixed >> 32;
  }
  return mixed;
}

// What FastJet's distances depend on; adding 0 makes −0 the same as 0.
//
// The e⁺e⁻ algorithms have 1 − cos θ, which is 0 to rounding for all directions that are closer than about 1e-8: they
// fall into one cell of a grid of that width, or a few.
CoincidentParticles::Direction CoincidentParticles::direction(const PseudoJet &momentum, bool is_spherical) {
  if (!is_spherical) return {momentum.rap() + 0.0, momentum.phi() + 0.0, 0};
  const double squared = momentum.modp2();
  if (!(squared > 0)) return {0, 0, 1};
  const double cells = 0x1p26 / std::sqrt(squared);
  return {std::nearbyint(momentum.px() * cells) + 0.0, std::nearbyint(momentum.py() * cells) + 0.0,
          std::nearbyint(momentum.pz() * cells) + 0.0};
}

bool CoincidentParticles::join(const std::vector<PseudoJet> &particles, const JetDefinition &definition) {
  if (particles.size() <= static_cast<size_t>(largest_group_left)) return false;
  const JetDefinition::Recombiner &recombiner = *definition.recombiner();
  const bool preprocesses = has_preprocessing(definition);
  if (!preprocesses && !is_spherical(definition) && !may_have_large_group(particles)) return false;
  const auto preprocessed = [&](PseudoJet momentum) {
    recombiner.preprocess(momentum);
    return momentum;
  };
  directions_.clear();
  for (const PseudoJet &particle : particles) {
    directions_.push_back(preprocesses ? direction(preprocessed(particle), is_spherical(definition))
                                       : direction(particle, is_spherical(definition)));
  }
  if (!find_groups(particles.size())) return false;

  momenta_.clear();
  joins_.clear();
  remaining_.clear();
  entries_.clear();
  for (const PseudoJet &particle : particles) momenta_.push_back(preprocessed(particle));
  // The members of each group follow one another, in the order of the particles.
  std::vector<int> order(particles.size());
  for (size_t particle = 0; particle < order.size(); ++particle) order[particle] = static_cast<int>(particle);
  std::sort(order.begin(), order.end(),
            [this](int a, int b) { return first_[a] != first_[b] ? first_[a] < first_[b] : a < b; });
  for (size_t start = 0; start < order.size();) {
    const int32_t size = size_[first_[order[start]]];
    const auto members = order.begin() + start;
    start += size;
    if (size <= largest_group_left) {
      for (auto member = members; member != members + size; ++member) {
        remaining_.push_back(particles[*member]);
        entries_.push_back(*member);
      }
      continue;
    }
    group_.assign(members, members + size);
    // Each pair becomes one entry after the others, until one is left.
    for (size_t place = 0; place + 1 < group_.size(); place += 2) {
      PseudoJet sum;
      recombiner.recombine(momenta_[group_[place]], momenta_[group_[place + 1]], sum);
      joins_.push_back({group_[place], group_[place + 1]});
      group_.push_back(static_cast<int>(momenta_.size()));
      momenta_.push_back(sum);
    }
    remaining_.push_back(momenta_[group_.back()]);
    entries_.push_back(group_.back());
  }
  return true;
}

// Whether so many particles fall into one class of rapidities that they may have one direction; this costs far less
// than to look for groups.
bool CoincidentParticles::may_have_large_group(const std::vector<PseudoJet> &particles) {
  int bits = 6;
  while (size_t(1) << bits < 2 * particles.size()) ++bits;
  class_sizes_.assign(size_t(1) << bits, 0);
  for (const PseudoJet &particle : particles) {
    const double rapidity = particle.rap() + 0.0;
    uint64_t mixed;
    std::memcpy(&mixed, &rapidity, sizeof mixed);
    mixed = (mixed ^ mixed >> 32) * 0x9e3779b97f4a7c15;
    if (++class_sizes_[mixed >> (64 - bits)] > largest_group_left) return true;
  }
  return false;
}

// Whether there is a group that is too large to be left to FastJet.
bool CoincidentParticles::find_groups(size_t count) {
  size_t slots = 16;
  while (slots < 2 * count) slots *= 2;
  table_.assign(slots, -1);
  first_.resize(count);
  size_.resize(count);
  int32_t largest = 0;
  for (size_t particle = 0; particle < count; ++particle) {
    size_t slot = directions_[particle].hash() & (slots - 1);
    while (table_[slot] >= 0 && !(directions_[table_[slot]] == directions_[particle])) {
      slot = (slot + 1) & (slots - 1);
    }
    if (table_[slot] < 0) {
      table_[slot] = static_cast<int32_t>(particle);
      size_[particle] = 0;
    }
    first_[particle] = table_[slot];
    largest = std::max(largest, ++size_[table_[slot]]);
  }
  return largest > largest_group_left;
}

void CoincidentParticles::release() {
  momenta_.clear();
  remaining_.clear();
}

// MARK: - The history

Clustering::Clustering(const std::vector<PseudoJet> &particles, const JetDefinition &definition,
                       ClusteringMemory &memory, CoincidentParticles &coincident)
    : particles_(particles.size()), has_joins_(coincident.join(particles, definition)), sequence_(memory.serve([&] {
        return ClusterSequence(has_joins_ ? coincident.remaining() : particles, definition);
      })) {
  if (!has_joins_) return;
  splice(coincident);
  coincident.release();
}

// The particles, the joins, which are at distance 0, and FastJet's steps.
void Clustering::splice(const CoincidentParticles &coincident) {
  jets_ = coincident.momenta();
  const size_t remaining = coincident.remaining().size();
  const size_t first_step = jets_.size();
  // FastJet's number of an entry or a momentum, if it is one, as a number here.
  const auto number = [&](int number) {
    if (number < 0) return number;
    if (static_cast<size_t>(number) < remaining) return coincident.entries()[number];
    return static_cast<int>(number - remaining + first_step);
  };
  const auto entry = [](int parent1, int parent2, int jet) {
    Entry entry;
    entry.parent1 = parent1;
    entry.parent2 = parent2;
    entry.child = ClusterSequence::Invalid;
    entry.jetp_index = jet;
    entry.dij = 0;
    entry.max_dij_so_far = 0;
    return entry;
  };
  for (size_t particle = 0; particle < particles_; ++particle) {
    history_.push_back(entry(ClusterSequence::InexistentParent, ClusterSequence::InexistentParent, particle));
  }
  for (const CoincidentParticles::Join &join : coincident.joins()) {
    history_.push_back(entry(join.parent1, join.parent2, history_.size()));
  }
  const auto &jets = sequence_.jets();
  for (size_t jet = 0; jet < jets.size(); ++jet) {
    if (jet < remaining) {
      jets_[number(jet)] = jets[jet];
    } else {
      jets_.push_back(jets[jet]);
    }
  }
  const auto &history = sequence_.history();
  for (size_t step = remaining; step < history.size(); ++step) {
    history_.push_back(
        entry(number(history[step].parent1), number(history[step].parent2), number(history[step].jetp_index)));
    history_.back().dij = history[step].dij;
    history_.back().max_dij_so_far = history[step].max_dij_so_far;
  }
}

}  // namespace canopy
