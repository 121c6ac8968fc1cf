// SPDX-License-Identifier: GPL-3.0-or-later

#pragma once

#include <cstddef>

namespace canopy {

/// The memory of what FastJet allocates while one workspace clusters: a block that is filled from its start by each
/// event, so that a clustering asks the system for nothing once its pages are there.
///
/// FastJet has no way to keep memory: each ClusterSequence makes some 25 arrays inside libfastjet. They all come
/// from `operator new`, which this replaces for the whole program, as C++ allows. While `serve` runs, `new` on the
/// same thread takes from the block; in all other cases it is malloc, as it is in the C++ library. `delete` tells the
/// two apart by the address, on any thread and at any time.
///
/// What does not fit, or finds no block, comes from malloc. If something of the last event is still in use
/// when the next one begins, such as an entry in one of FastJet's global lists, it keeps its block for good,
/// and a new block is begun.
///
/// A program may replace `operator new` itself: the definitions here are weak and give way. In this case, and
/// also if dynamic loading has bound the C++ library to another definition, and under sanitizers, no block is
/// used.
class ClusteringMemory {
 public:
  ClusteringMemory();
  ~ClusteringMemory();
  ClusteringMemory(const ClusteringMemory &) = delete;
  ClusteringMemory &operator=(const ClusteringMemory &) = delete;

  /// Makes the whole block free again, before an event.
  void start_over();

  /// Does what `make` does, and returns what that returns; what it allocates comes from the block.
  template <typename Make>
  auto serve(Make make) {
    const Service service(block_);
    return make();
  }

  struct Block;

 private:
  /// The thread's `new` takes from a block for as long as this exists.
  class Service {
   public:
    explicit Service(Block *block);
    ~Service();
    Service(const Service &) = delete;
    Service &operator=(const Service &) = delete;
  };

  Block *block_ = nullptr;
};

}  // namespace canopy
