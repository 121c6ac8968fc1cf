// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels for any x86-64, and for the compiler's own target elsewhere.

#if defined(__x86_64__)
#include <immintrin.h>
#define NATIVE_MAX(a, b) _mm_max_ps((__m128)(a), (__m128)(b))
#define NATIVE_MIN(a, b) _mm_min_ps((__m128)(a), (__m128)(b))
#endif
#define LANES 4
#define TILE_VECTORS 2
#define TABLE canopy_kernels_baseline
#include "kernel_bodies.h"
