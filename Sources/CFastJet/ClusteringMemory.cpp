// SPDX-License-Identifier: GPL-3.0-or-later

#include "ClusteringMemory.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <stdexcept>

using canopy::ClusteringMemory;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define CANOPY_HAS_SANITIZER
#endif
#endif

// Blocks are neighbours in one range of addresses, in which the system provides the pages that are touched.
struct alignas(64) ClusteringMemory::Block {
  static constexpr std::size_t size = std::size_t{1} << 25;

  // How many pieces are in use; any thread may delete one.
  std::atomic<std::size_t> pieces{0};
  // Where the next piece begins.
  std::size_t end = sizeof(Block);
  Block *next_free = nullptr;

  // A piece, aligned as malloc does it, or null if there is no room.
  void *take(std::size_t bytes) {
    if (bytes > size - end) return nullptr;
    void *const piece = reinterpret_cast<char *>(this) + end;
    end += (bytes + 15) & ~std::size_t{15};
    pieces.fetch_add(1, std::memory_order_relaxed);
    return piece;
  }
};

namespace {

using Block = ClusteringMemory::Block;

constexpr std::size_t range_size = 256 * Block::size;
// The start of the range; before there is one, a place without addresses.
std::atomic<std::uintptr_t> range_start{std::uintptr_t{1} << 63};
std::mutex blocks_mutex;
std::size_t blocks_made = 0;
Block *first_free = nullptr;

// The block that this thread's `new` takes from.
thread_local Block *serving = nullptr;

// A block without pieces, or null if there are too many or the system refuses.
Block *obtain() {
  const std::lock_guard<std::mutex> lock(blocks_mutex);
  void *place = first_free;
  if (place) {
    first_free = first_free->next_free;
  } else {
    if (blocks_made == 0) {
      void *const start = mmap(nullptr, range_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (start == MAP_FAILED) return nullptr;
      range_start = reinterpret_cast<std::uintptr_t>(start);
    }
    if (blocks_made == range_size / Block::size) return nullptr;
    place = reinterpret_cast<void *>(range_start + blocks_made * Block::size);
    if (mprotect(place, Block::size, PROT_READ | PROT_WRITE) != 0) return nullptr;
    ++blocks_made;
  }
  return new (place) Block;
}

// Takes back a block without pieces, and lets the system have its pages.
void give_back(Block *block) {
  madvise(block, Block::size, MADV_DONTNEED);
  const std::lock_guard<std::mutex> lock(blocks_mutex);
  block->next_free = first_free;
  first_free = block;
}

}  // namespace

// MARK: - new and delete

// The C++ library's forms for arrays, of known size and without exceptions call these two.
#if defined(__ELF__) && !defined(CANOPY_HAS_SANITIZER)

extern "C" {

[[gnu::visibility("hidden")]] void *canopy_new(std::size_t size) {
  if (serving) {
    if (void *const piece = serving->take(size)) return piece;
  }
  while (true) {
    if (void *const memory = std::malloc(size > 0 ? size : 1)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

[[gnu::visibility("hidden")]] void canopy_delete(void *address) noexcept {
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - range_start.load(std::memory_order_relaxed);
  if (offset >= range_size) return std::free(address);
  void *const block = static_cast<char *>(address) - offset % Block::size;
  static_cast<Block *>(block)->pieces.fetch_sub(1, std::memory_order_release);
}

}  // extern "C"

[[gnu::weak, gnu::alias("canopy_new")]] void *operator new(std::size_t size);
[[gnu::weak, gnu::alias("canopy_delete")]] void operator delete(void *address) noexcept;

namespace {

// Whether `new` and `delete` here and in the C++ library are those above: a piece must not end in another's `delete`.
bool is_in_charge() {
  void *(*const here_new)(std::size_t) = &::operator new;
  void (*const here_delete)(void *) = &::operator delete;
  if (here_new != &canopy_new || here_delete != &canopy_delete) return false;
  Block *const block = obtain();
  if (!block) return false;
  bool is_in_charge = false;
  {
    serving = block;
    // The library's own code copies the text.
    const std::runtime_error error("a text");
    serving = nullptr;
    is_in_charge = block->pieces == 1;
  }
  is_in_charge = is_in_charge && block->pieces == 0;
  give_back(block);
  return is_in_charge;
}

}  // namespace

#else

namespace {

bool is_in_charge() { return false; }

}  // namespace

#endif

// MARK: - The memory of a workspace

ClusteringMemory::ClusteringMemory() {
  static const bool serves = is_in_charge();
  if (serves) block_ = obtain();
}

ClusteringMemory::~ClusteringMemory() {
  if (block_ && block_->pieces == 0) give_back(block_);
}

void ClusteringMemory::start_over() {
  if (!block_) return;
  if (block_->pieces.load(std::memory_order_acquire) == 0) {
    block_->end = sizeof(Block);
  } else {
    block_ = obtain();
  }
}

ClusteringMemory::Service::Service(Block *block) { serving = block; }

ClusteringMemory::Service::~Service() { serving = nullptr; }
