// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels for processors with AVX2 and FMA.

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernel_table.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define TILE_VECTORS 2
#define NATIVE_MAX(a, b) _mm256_max_ps((__m256)(a), (__m256)(b))
#define NATIVE_MIN(a, b) _mm256_min_ps((__m256)(a), (__m256)(b))
#define TABLE canopy_kernels_avx2
#include "kernel_bodies.h"
#pragma clang attribute pop
#endif
