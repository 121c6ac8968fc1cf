// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels for processors with AVX-512 (F, DQ, VL, BW).

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "kernel_table.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))), \
                             apply_to = function)
#define LANES 16
#define TILE_VECTORS 4
#define RECIPROCAL_ESTIMATE(x) ((vec)_mm512_rcp14_ps((__m512)(x)))
#define NATIVE_MAX(a, b) _mm512_max_ps((__m512)(a), (__m512)(b))
#define NATIVE_MIN(a, b) _mm512_min_ps((__m512)(a), (__m512)(b))
#define NATIVE_STORE_SOME(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)((1u << (n)) - 1), (__m512)(v))
#define TABLE canopy_kernels_avx512
#include "kernel_bodies.h"
#pragma clang attribute pop
#endif
