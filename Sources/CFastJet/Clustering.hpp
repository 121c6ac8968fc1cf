// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <fastjet/ClusterSequence.hh>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ClusteringMemory.hpp"

namespace canopy {

/// Finds particles of one direction, with memory that is kept from event to event, and joins them: of exactly one in
/// the algorithms for hadron collisions, and of directions that rounding does not tell apart, to about 1e-8, in those
/// for e⁺e⁻.
///
/// They are at distance 0 and therefore come together first, in an arbitrary order.
/// FastJet, in all its strategies, takes a time that grows with the third power of their number: each is the
/// nearest neighbour of all. A large group is therefore joined here, in pairs, pairs of pairs and so on; a
/// small one costs nothing and is left to FastJet. What is joined here enters FastJet as one particle.
class CoincidentParticles {
 public:
  /// Two entries of the history, numbered from the first particle, that become one.
  struct Join {
    int parent1, parent2;
  };

  /// Looks for groups that are large enough to matter, and joins them; returns whether there are any.
  ///
  /// - particles: the particles of an event; their rapidity and azimuth are computed and kept.
  /// - definition: tells what a direction is, and how momenta are summed.
  bool join(const std::vector<fastjet::PseudoJet> &particles, const fastjet::JetDefinition &definition);

  /// The momenta of all particles, then of what each join made.
  const std::vector<fastjet::PseudoJet> &momenta() const { return momenta_; }
  /// In their order.
  const std::vector<Join> &joins() const { return joins_; }
  /// What FastJet is to cluster.
  const std::vector<fastjet::PseudoJet> &remaining() const { return remaining_; }
  /// The entry of each of them, numbered like those of joins.
  const std::vector<int> &entries() const { return entries_; }

  /// Forgets the momenta, which may share what a cluster sequence has allocated.
  void release();

 private:
  struct Direction {
    double x, y, z;
    bool operator==(const Direction &other) const { return x == other.x && y == other.y && z == other.z; }
    size_t hash() const;
  };

  static Direction direction(const fastjet::PseudoJet &momentum, bool is_spherical);
  bool may_have_large_group(const std::vector<fastjet::PseudoJet> &particles);
  bool find_groups(size_t count);

  /// How many particles are of each class of rapidities.
  std::vector<uint8_t> class_sizes_;
  std::vector<Direction> directions_;
  /// Groups by the hash of their direction: the first particle of each, or −1.
  std::vector<int32_t> table_;
  /// For each particle the first of its group, and for each of those how many there are.
  std::vector<int32_t> first_, size_;
  std::vector<int> group_;
  std::vector<fastjet::PseudoJet> momenta_, remaining_;
  std::vector<Join> joins_;
  std::vector<int> entries_;
};

/// The clustering of some particles: FastJet's own history, or one that begins with joins of coincident particles.
class Clustering {
 public:
  using Entry = fastjet::ClusterSequence::history_element;

  Clustering(const std::vector<fastjet::PseudoJet> &particles, const fastjet::JetDefinition &definition,
             ClusteringMemory &memory, CoincidentParticles &coincident);
  // It may point into itself.
  Clustering(const Clustering &) = delete;
  Clustering &operator=(const Clustering &) = delete;

  /// The number of particles.
  size_t particles() const { return particles_; }
  /// As FastJet's; nothing is said of children.
  const std::vector<Entry> &history() const { return has_joins_ ? history_ : sequence_.history(); }
  /// The momenta that `jetp_index` of an entry refers to.
  const std::vector<fastjet::PseudoJet> &jets() const { return has_joins_ ? jets_ : sequence_.jets(); }

 private:
  void splice(const CoincidentParticles &coincident);

  size_t particles_;
  bool has_joins_;
  fastjet::ClusterSequence sequence_;
  std::vector<Entry> history_;
  std::vector<fastjet::PseudoJet> jets_;
};

}  // namespace canopy
