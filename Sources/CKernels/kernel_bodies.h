// SPDX-License-Identifier: GPL-3.0-or-later
//
// The kernels, written once in the compiler's vector extension. A file that includes this one has set
// LANES, the floats in a vector, and TABLE, the name of the table to define, and has chosen the
// instruction set that the functions are compiled for.

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

INLINE vec load_some(const float *p, size_t n) {
  vec v = {0};
  memcpy(&v, p, n * sizeof(float));
  return v;
}

INLINE void store_some(float *p, vec v, size_t n) { memcpy(p, &v, n * sizeof(float)); }

INLINE vec splat(float x) { return x - (vec){0}; }

INLINE vec select(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }

// Both return a where a or b is not a number, so that a NaN in a network's data stays visible.
INLINE vec max(vec a, vec b) { return select(b > a, b, a); }

INLINE vec min(vec a, vec b) { return select(b < a, b, a); }

// exp(x) = 2^k exp(r), |r| <= ln 2 / 2, with the Taylor polynomial of degree 7 (error 5e-9 there).
INLINE vec exp_vec(vec x) {
  x = min(max(x, splat(-87.33654f)), splat(88.02969f));
  const vec shift = splat(12582912.0f); // 1.5 * 2^23: adding it rounds to an integer
  vec k = (x * splat(1.44269504f) + shift) - shift;
  vec r = x - k * splat(0.693145752f);
  r = r - k * splat(1.42860677e-6f);
  vec p = splat(1.0f / 5040.0f);
  p = p * r + splat(1.0f / 720.0f);
  p = p * r + splat(1.0f / 120.0f);
  p = p * r + splat(1.0f / 24.0f);
  p = p * r + splat(1.0f / 6.0f);
  p = p * r + splat(0.5f);
  p = p * r + splat(1.0f);
  p = p * r + splat(1.0f);
  ivec exponent = (__builtin_convertvector(k, ivec) + 127) << 23;
  return p * (vec)exponent;
}

INLINE vec sigmoid_vec(vec x) { return splat(1.0f) / (splat(1.0f) + exp_vec(-x)); }

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

#define ELEMENTWISE(name)                                                                                  \
  static void name##_all(size_t n, const float *x, float *y) {                                                  \
    size_t i = 0;                                                                                          \
    for (; i + LANES <= n; i += LANES) store(y + i, name##_vec(load(x + i)));                              \
    if (i < n) store_some(y + i, name##_vec(load_some(x + i, n - i)), n - i);                              \
  }

ELEMENTWISE(exp)
ELEMENTWISE(sigmoid)
ELEMENTWISE(tanh)

// Runs BODY(LOAD, STORE) for all columns `c` of a row: on whole vectors, then on what remains.
#define COLUMNS(columns, body)                                                                             \
  do {                                                                                                     \
    size_t c = 0;                                                                                          \
    for (; c + LANES <= (columns); c += LANES) {                                                           \
      const size_t lanes = LANES;                                                                          \
      (void)lanes;                                                                                         \
      body(load, store)                                                                                    \
    }                                                                                                      \
    if (c < (columns)) {                                                                                   \
      const size_t lanes = (columns) - c;                                                                  \
      body(LOAD_SOME, STORE_SOME)                                                                          \
    }                                                                                                      \
  } while (0)
#define LOAD_SOME(p) load_some(p, lanes)
#define STORE_SOME(p, v) store_some(p, v, lanes)

static void add_bias(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * ldx;
#define BODY(LOAD, STORE) STORE(row + c, LOAD(row + c) + LOAD(bias + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void add_bias_relu(size_t rows, size_t columns, float *x, size_t ldx, const float *bias) {
  for (size_t r = 0; r < rows; r++) {
    float *row = x + r * ldx;
#define BODY(LOAD, STORE) STORE(row + c, max(LOAD(row + c) + LOAD(bias + c), splat(0.0f)));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void relu_backward(size_t rows, size_t columns, const float *y, size_t ldy, float *dy, size_t lddy) {
  for (size_t r = 0; r < rows; r++) {
    const float *value = y + r * ldy;
    float *row = dy + r * lddy;
#define BODY(LOAD, STORE)                                                                                  \
  STORE(row + c, select(LOAD(value + c) > splat(0.0f), LOAD(row + c), splat(0.0f)));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void add_column_sums(size_t rows, size_t columns, const float *x, size_t ldx, float *out) {
  for (size_t r = 0; r < rows; r++) {
    const float *row = x + r * ldx;
#define BODY(LOAD, STORE) STORE(out + c, LOAD(out + c) + LOAD(row + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void gather_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                        float *y, size_t ldy) {
  for (size_t r = 0; r < rows; r++) {
    const float *from = x + (size_t)index[r] * ldx;
    float *to = y + r * ldy;
#define BODY(LOAD, STORE) STORE(to + c, LOAD(from + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void scatter_rows(size_t rows, size_t columns, const float *x, size_t ldx, const int32_t *index,
                         float *y, size_t ldy) {
  for (size_t r = 0; r < rows; r++) {
    const float *from = x + r * ldx;
    float *to = y + (size_t)index[r] * ldy;
#define BODY(LOAD, STORE) STORE(to + c, LOAD(from + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void gate(size_t rows, size_t columns, float *r, const float *bias, const float *x, size_t ldx,
                 float *gated) {
  for (size_t i = 0; i < rows; i++) {
    float *gates = r + i * columns;
    float *out = gated + i * columns;
    const float *in = x + i * ldx;
#define BODY(LOAD, STORE)                                                                                  \
  vec g = sigmoid_vec(LOAD(gates + c) + LOAD(bias + c));                                                   \
  STORE(gates + c, g);                                                                                     \
  STORE(out + c, g * LOAD(in + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static void blend(size_t rows, size_t width, float *z, const float *bias, const float *q, float *h) {
  const float *b0 = bias, *b1 = bias + width, *b2 = bias + 2 * width, *b3 = bias + 3 * width;
  for (size_t i = 0; i < rows; i++) {
    float *z0 = z + i * 4 * width, *z1 = z0 + width, *z2 = z1 + width, *z3 = z2 + width;
    const float *q0 = q + i * 4 * width, *q1 = q0 + width, *q2 = q1 + width, *q3 = q2 + width;
    float *out = h + i * width;
#define BODY(LOAD, STORE)                                                                                  \
  vec l0 = LOAD(z0 + c) + LOAD(b0 + c), l1 = LOAD(z1 + c) + LOAD(b1 + c);                                  \
  vec l2 = LOAD(z2 + c) + LOAD(b2 + c), l3 = LOAD(z3 + c) + LOAD(b3 + c);                                  \
  vec top = max(max(l0, l1), max(l2, l3));                                                                 \
  vec e0 = exp_vec(l0 - top), e1 = exp_vec(l1 - top), e2 = exp_vec(l2 - top), e3 = exp_vec(l3 - top);      \
  vec norm = splat(1.0f) / (e0 + e1 + e2 + e3);                                                            \
  e0 *= norm, e1 *= norm, e2 *= norm, e3 *= norm;                                                          \
  STORE(out + c, e0 * LOAD(q0 + c) + e1 * LOAD(q1 + c) + e2 * LOAD(q2 + c) + e3 * LOAD(q3 + c));           \
  STORE(z0 + c, e0);                                                                                       \
  STORE(z1 + c, e1);                                                                                       \
  STORE(z2 + c, e2);                                                                                       \
  STORE(z3 + c, e3);
    COLUMNS(width, BODY);
#undef BODY
  }
}

static void blend_backward(size_t rows, size_t width, const float *z, const float *q, const float *dh,
                           float *dq, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const size_t row = i * 4 * width;
    const float *upstream = dh + i * width;
#define BODY(LOAD, STORE)                                                                                  \
  const size_t at0 = row + c, at1 = at0 + width, at2 = at1 + width, at3 = at2 + width;                     \
  vec d = LOAD(upstream + c);                                                                              \
  vec w0 = LOAD(z + at0) * d, w1 = LOAD(z + at1) * d, w2 = LOAD(z + at2) * d, w3 = LOAD(z + at3) * d;      \
  STORE(dq + at0, w0);                                                                                     \
  STORE(dq + at1, w1);                                                                                     \
  STORE(dq + at2, w2);                                                                                     \
  STORE(dq + at3, w3);                                                                                     \
  vec v0 = LOAD(q + at0), v1 = LOAD(q + at1), v2 = LOAD(q + at2), v3 = LOAD(q + at3);                      \
  vec mean = LOAD(z + at0) * v0 + LOAD(z + at1) * v1 + LOAD(z + at2) * v2 + LOAD(z + at3) * v3;            \
  STORE(dlogits + at0, w0 * (v0 - mean));                                                                  \
  STORE(dlogits + at1, w1 * (v1 - mean));                                                                  \
  STORE(dlogits + at2, w2 * (v2 - mean));                                                                  \
  STORE(dlogits + at3, w3 * (v3 - mean));
    COLUMNS(width, BODY);
#undef BODY
  }
}

static void gate_backward(size_t rows, size_t columns, const float *r, const float *x, size_t ldx,
                          const float *dgated, float *dx, size_t lddx, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const float *gates = r + i * columns, *in = x + i * ldx, *upstream = dgated + i * columns;
    float *din = dx + i * lddx, *out = dlogits + i * columns;
#define BODY(LOAD, STORE)                                                                                  \
  vec g = LOAD(gates + c), d = LOAD(upstream + c) * g;                                                     \
  STORE(din + c, LOAD(din + c) + d);                                                                       \
  STORE(out + c, d * LOAD(in + c) * (splat(1.0f) - g));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

static double sum_of_squares(size_t n, const float *x) {
  dvec sums = {0};
  size_t i = 0;
  for (; i < n; i += LANES) {
    vec v = i + LANES <= n ? load(x + i) : load_some(x + i, n - i);
    dvec d = __builtin_convertvector(v, dvec);
    sums += d * d;
  }
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
  return sum;
}

static void adamw(size_t n, float *parameters, const float *gradient, float *m, float *v,
                  float gradient_scale, float learning_rate, float beta1, float beta2, float epsilon,
                  float correction1, float correction2, float weight_decay) {
  const float step = learning_rate / correction1, keep = 1.0f - learning_rate * weight_decay;
  const float unbias = 1.0f / correction2;
  for (size_t i = 0; i < n; i += LANES) {
    const size_t lanes = n - i < LANES ? n - i : LANES;
    vec g = load_some(gradient + i, lanes) * gradient_scale;
    vec mean = load_some(m + i, lanes) * beta1 + g * (1.0f - beta1);
    vec square = load_some(v + i, lanes) * beta2 + g * g * (1.0f - beta2);
    vec move = mean * step / (__builtin_elementwise_sqrt(square * unbias) + epsilon);
    store_some(m + i, mean, lanes);
    store_some(v + i, square, lanes);
    store_some(parameters + i, load_some(parameters + i, lanes) * keep - move, lanes);
  }
}

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
    .gate = gate,
    .blend = blend,
    .blend_backward = blend_backward,
    .gate_backward = gate_backward,
    .sum_of_squares = sum_of_squares,
    .adamw = adamw,
};
