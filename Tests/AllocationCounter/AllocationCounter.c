// SPDX-License-Identifier: GPL-3.0-or-later
// What is defined in an executable comes before the C library's, also for what other libraries call.

#include "AllocationCounter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

static _Thread_local int64_t count;

bool allocation_counter_is_available(void) { return true; }

int64_t allocation_count(void) { return count; }

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t elements, size_t size);
void *__libc_realloc(void *pointer, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  ++count;
  return __libc_malloc(size);
}

void *calloc(size_t elements, size_t size) {
  ++count;
  return __libc_calloc(elements, size);
}

void *realloc(void *pointer, size_t size) {
  ++count;
  return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
  ++count;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **pointer, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *const found = memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *pointer = found;
  return 0;
}

#else

bool allocation_counter_is_available(void) { return false; }

int64_t allocation_count(void) { return 0; }

#endif
