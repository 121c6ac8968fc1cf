// SPDX-License-Identifier: GPL-3.0-or-later

#ifndef CANOPY_ALLOCATIONCOUNTER_H
#define CANOPY_ALLOCATIONCOUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Whether allocations are counted: with the GNU C library, and not under a sanitizer, which has an allocator of
/// its own.
bool allocation_counter_is_available(void);

/// How many times the calling thread has asked the system's allocator for memory.
int64_t allocation_count(void);

#endif
