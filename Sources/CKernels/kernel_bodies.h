// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels, written once in the compiler's vector extension. A file that includes this one has set
// LANES, the floats in a vector, TILE_VECTORS, the vectors across a tile of a product, and TABLE, the name of
// the table to define, and has chosen the instruction set that the functions are compiled for.

#include <string.h>

#include "kernel_table.h"

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES)));
typedef double dvec __attribute__((vector_size(8 * LANES)));

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) {
  vec v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec splat(float x) { return x - (vec){0}; }

INLINE ivec first_lanes(size_t n) {
  ivec lane;
  for (int i = 0; i < LANES; i++) lane[i] = i;
  return lane < (int32_t)n - (ivec){0};
}

INLINE vec select(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }

// Stores the first n lanes; what follows is written as it was.
INLINE void store_some(float *p, vec v, size_t n) {
#ifdef NATIVE_STORE_SOME
  NATIVE_STORE_SOME(p, v, n);
#else
  store(p, select(first_lanes(n), v, load(p)));
#endif
}

// Both return b if a or b is not a number, as the instructions do, so that a NaN in a network's data stays
// visible if it is b.
INLINE vec max(vec a, vec b) {
#ifdef NATIVE_MAX
  return (vec)NATIVE_MAX(a, b);
#else
  return select(a > b, a, b);
#endif
}

INLINE vec min(vec a, vec b) {
#ifdef NATIVE_MIN
  return (vec)NATIVE_MIN(a, b);
#else
  return select(a < b, a, b);
#endif
}

#define LEAST_EXPONENT -87.33654f   // whose exponential is 0x1p-126
#define LARGEST_EXPONENT 88.02969f  // whose exponential is 2^127

// exp(x) = 2^k exp(r), |r| <= ln 2 / 2, with the polynomial of degree 5 that has the least relative error there
// among those that are 1 at 0 (9.2e-8), for x up to LARGEST_EXPONENT.
INLINE vec exp_vec_below(vec x) {
  x = max(splat(LEAST_EXPONENT), x);
  const vec shift = splat(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer, in the last bits
  vec shifted = x * splat(1.44269504f) + shift;
  vec k = shifted - shift;
  vec r = x - k * splat(0.693145752f);
  r = r - k * splat(1.42860677e-6f);
  vec p = splat(0.00829027221f);
  p = p * r + splat(0.0418981612f);
  p = p * r + splat(0.166676387f);
  p = p * r + splat(0.499991477f);
  p = p * r + splat(0.999999702f);
  vec power = (vec)(((ivec)shifted << 23) + (127 << 23));
  return power + power * r * p;
}

INLINE vec exp_vec(vec x) { return exp_vec_below(min(splat(LARGEST_EXPONENT), x)); }

// 1 / x. Division takes as long as an exponential with wide vectors; an estimate and a step of Newton's method
// do not, and are as good to the last bit or two. Only AVX-512 defines its estimate on every processor.
INLINE vec reciprocal_vec(vec x) {
#ifdef RECIPROCAL_ESTIMATE
  vec y = RECIPROCAL_ESTIMATE(x);
  return y + y * (splat(1.0f) - x * y);
#else
  return splat(1.0f) / x;
#endif
}

INLINE vec sigmoid_vec(vec x) { return reciprocal_vec(splat(1.0f) + exp_vec(-x)); }

// Near zero the quotient cancels, so the odd Taylor series takes over.
INLINE vec tanh_vec(vec x) {
  vec e = exp_vec(splat(-2.0f) * x);
  vec quotient = (splat(1.0f) - e) / (splat(1.0f) + e);
  vec s = x * x;
  vec series = splat(62.0f / 2835.0f);
  series = series * s - splat(17.0f / 315.0f);
  series = series * s + splat(2.0f / 15.0f);
  series = series * s - splat(1.0f / 3.0f);
  series = x + x * s * series;
  return select(s < splat(0.04f), series, quotient);
}

#define ELEMENTWISE(name)                                                     \
  static void name##_all(size_t n, const float *x, float *y) {                \
    size_t i = 0;                                                             \
    for (; i + LANES <= n; i += LANES) store(y + i, name##_vec(load(x + i))); \
    if (i < n) store_some(y + i, name##_vec(load(x + i)), n - i);             \
  }

ELEMENTWISE(exp)
ELEMENTWISE(sigmoid)
ELEMENTWISE(tanh)

// Runs BODY(STORE) for all columns `c` of a row, a vector at a time; STORE keeps within the row.
#define COLUMNS(columns, body)                   \
  do {                                           \
    size_t c = 0;                                \
    for (; c + LANES <= (columns); c += LANES) { \
      body(store)                                \
    }                                            \
    if (c < (columns)) {                         \
      const size_t lanes = (columns)-c;          \
      body(STORE_SOME)                           \
    }                                            \
  } while (0)
#define STORE_SOME(p, v) store_some(p, v, lanes)

static void add_bias(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * ldx;
#define BODY(STORE) STORE(row + c, load(row + c) + load(bias + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void add_bias_relu(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * ldx;
#define BODY(STORE) STORE(row + c, max(splat(0.0f), load(row + c) + load(bias + c)));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void relu_backward(size_t rows, size_t columns, const float *y, size_t ldy, float *dy, size_t lddy) {
  for (size_t r = 0; r < rows; r++) {
    const float *value = y + r * ldy;
    float *row = dy + r * lddy;
#define BODY(STORE) STORE(row + c, select(load(value + c) > splat(0.0f), load(row + c), splat(0.0f)));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void add_column_sums(size_t rows, size_t columns, const float *x, size_t ldx, float *out) {
#define BODY(STORE)                                               \
  vec sum = load(out + c);                                        \
  for (size_t r = 0; r < rows; r++) sum += load(x + r * ldx + c); \
  STORE(out + c, sum);
  COLUMNS(columns, BODY);
#undef BODY
}

static void gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                        size_t ldy) {
  for (size_t r = 0; r < rows; r++) {
    const float *from = x + (size_t)index[r] * ldx;
    float *to = y + r * ldy;
#define BODY(STORE) STORE(to + c, load(from + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index, float *y,
                         size_t ldy) {
  for (size_t r = 0; r < rows; r++) {
    const float *from = x + r * ldx;
    float *to = y + (size_t)index[r] * ldy;
#define BODY(STORE) STORE(to + c, load(from + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

INLINE vec scale_vec(vec x, vec median, vec inverse, float bound) {
  vec scaled = (x - median) * inverse;
  return min(splat(bound), max(splat(-bound), select(scaled == scaled, scaled, splat(0.0f))));
}

static void scale(size_t n, size_t period, float *x, const float *median, const float *inverse, float bound) {
  size_t i = 0, at = 0;
  for (; i + LANES <= n; i += LANES) {
    store(x + i, scale_vec(load(x + i), load(median + at), load(inverse + at), bound));
    at += LANES;
    if (at == period) at = 0;
  }
  if (i < n) {
    vec rest = {0};
    memcpy(&rest, x + i, (n - i) * sizeof *x);
    rest = scale_vec(rest, load(median + at), load(inverse + at), bound);
    memcpy(x + i, &rest, (n - i) * sizeof *x);
  }
}

static double sum_of_squares(size_t n, const float *x) {
  dvec sums = {0};
  size_t i = 0;
  for (; i < n; i += LANES) {
    vec v = i + LANES <= n ? load(x + i) : select(first_lanes(n - i), load(x + i), splat(0.0f));
    dvec d = __builtin_convertvector(v, dvec);
    sums += d * d;
  }
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
  return sum;
}

static void adamw(size_t n, float *parameters, const float *gradient, float *m, float *v, float gradient_scale,
                  float learning_rate, float beta1, float beta2, float epsilon, float correction1, float correction2,
                  float weight_decay) {
  const float step = learning_rate / correction1, keep = 1.0f - learning_rate * weight_decay;
  const float unbias = 1.0f / correction2;
  for (size_t i = 0; i < n; i += LANES) {
    const size_t lanes = n - i < LANES ? n - i : LANES;
    vec g = load(gradient + i) * gradient_scale;
    vec mean = load(m + i) * beta1 + g * (1.0f - beta1);
    vec square = load(v + i) * beta2 + g * g * (1.0f - beta2);
    vec move = mean * step / (__builtin_elementwise_sqrt(square * unbias) + epsilon);
    store_some(m + i, mean, lanes);
    store_some(v + i, square, lanes);
    store_some(parameters + i, load(parameters + i) * keep - move, lanes);
  }
}

static void lion(size_t n, float *parameters, const float *gradient, float *m, float gradient_scale,
                 float learning_rate, float beta1, float beta2, float weight_decay) {
  const float keep = 1.0f - learning_rate * weight_decay;
  const vec zero = {0};
  for (size_t i = 0; i < n; i += LANES) {
    const size_t lanes = n - i < LANES ? n - i : LANES;
    vec g = load(gradient + i) * gradient_scale, mean = load(m + i);
    vec direction = mean * beta1 + g * (1.0f - beta1);
    // Comparisons give -1 for true.
    vec sign = __builtin_convertvector((direction < zero) - (direction > zero), vec);
    store_some(m + i, mean * beta2 + g * (1.0f - beta2), lanes);
    store_some(parameters + i, load(parameters + i) * keep - sign * learning_rate, lanes);
  }
}

#include "product_bodies.h"
#include "recursive_bodies.h"
#include "gru_bodies.h"

const struct canopy_kernel_table TABLE = {
    .exp = exp_all,
    .sigmoid = sigmoid_all,
    .tanh = tanh_all,
    .add_bias = add_bias,
    .add_bias_relu = add_bias_relu,
    .relu_backward = relu_backward,
    .add_column_sums = add_column_sums,
    .gather_rows = gather_rows,
    .scatter_rows = scatter_rows,
    .scale = scale,
    .packed_count = packed_count,
    .pack = pack,
    .packed_product = packed_product,
    .add_outer_products = add_outer_products,
    .leaves_forward = leaves_forward,
    .gated_forward = gated_forward,
    .gated_backward = gated_backward,
    .simple_forward = simple_forward,
    .simple_backward = simple_backward,
    .gru_forward = gru_forward,
    .gru_backward = gru_backward,
    .sum_of_squares = sum_of_squares,
    .adamw = adamw,
    .lion = lion,
};
