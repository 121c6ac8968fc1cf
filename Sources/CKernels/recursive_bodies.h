// SPDX-License-Identifier: GPL-3.0-or-later
//
// The cells of the recursive network, a part of kernel_bodies.h. The splittings of a height are worked through in
// blocks of rows whose numbers stay in the first-level cache from gathering the children to storing the new state.

// --- The gates ---

// r = sigmoid(r); gated = r * x. r and gated are contiguous [rows x columns].
static void gate(size_t rows, size_t columns, float *r, const float *x, size_t ldx, float *gated) {
  for (size_t i = 0; i < rows; i++) {
    float *gates = r + i * columns, *out = gated + i * columns;
    const float *in = x + i * ldx;
#define BODY(STORE)                     \
  vec g = sigmoid_vec(load(gates + c)); \
  STORE(gates + c, g);                  \
  STORE(out + c, g * load(in + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

// Logits above this, where an exponential is still far from the largest float, are lowered together with the
// others. The block whose logit is 0 then weighs less than 1e-34, lowered or not.
#define LARGEST_LOGIT 80.0f

// z [rows x 3 width], logits relative to that of a fourth block, becomes the first three blocks of the softmax
// over all four; h [rows x width] is the sum over the blocks of softmax * q, q [rows x 4 width].
static void blend(size_t rows, size_t width, float *z, const float *q, float *h) {
  for (size_t i = 0; i < rows; i++) {
    float *z0 = z + i * 3 * width, *z1 = z0 + width, *z2 = z1 + width;
    const float *q0 = q + i * 4 * width, *q1 = q0 + width, *q2 = q1 + width, *q3 = q2 + width;
    float *out = h + i * width;
#define BODY(STORE)                                                                                      \
  vec l0 = load(z0 + c), l1 = load(z1 + c), l2 = load(z2 + c);                                           \
  vec excess = max(max(l0, l1), max(splat(LARGEST_LOGIT), l2)) - splat(LARGEST_LOGIT);                   \
  vec e0 = exp_vec_below(l0 - excess), e1 = exp_vec_below(l1 - excess), e2 = exp_vec_below(l2 - excess); \
  vec norm = reciprocal_vec(splat(1.0f) + e0 + e1 + e2);                                                 \
  vec sum = e0 * load(q0 + c) + e1 * load(q1 + c) + (e2 * load(q2 + c) + load(q3 + c));                  \
  STORE(out + c, sum * norm);                                                                            \
  STORE(z0 + c, e0 * norm);                                                                              \
  STORE(z1 + c, e1 * norm);                                                                              \
  STORE(z2 + c, e2 * norm);
    COLUMNS(width, BODY);
#undef BODY
  }
}

// The gradients of blend from that of h: dq for q, dlogits [rows x 3 width] for z before the softmax.
static void blend_backward(size_t rows, size_t width, const float *z, const float *q, const float *h, const float *dh,
                           float *dq, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const float *z0 = z + i * 3 * width, *z1 = z0 + width, *z2 = z1 + width;
    const float *q0 = q + i * 4 * width, *q1 = q0 + width, *q2 = q1 + width;
    const float *mean = h + i * width, *upstream = dh + i * width;
    float *d0 = dq + i * 4 * width, *d1 = d0 + width, *d2 = d1 + width, *d3 = d2 + width;
    float *l0 = dlogits + i * 3 * width, *l1 = l0 + width, *l2 = l1 + width;
#define BODY(STORE)                                                        \
  vec d = load(upstream + c), m = load(mean + c);                          \
  vec w0 = load(z0 + c) * d, w1 = load(z1 + c) * d, w2 = load(z2 + c) * d; \
  vec v0 = load(q0 + c), v1 = load(q1 + c), v2 = load(q2 + c);             \
  STORE(d0 + c, w0);                                                       \
  STORE(d1 + c, w1);                                                       \
  STORE(d2 + c, w2);                                                       \
  STORE(d3 + c, d - w0 - w1 - w2);                                         \
  STORE(l0 + c, w0 * (v0 - m));                                            \
  STORE(l1 + c, w1 * (v1 - m));                                            \
  STORE(l2 + c, w2 * (v2 - m));
    COLUMNS(width, BODY);
#undef BODY
  }
}

// The gradients of gate from that of `gated`, which becomes r * x again: dx is added to, dlogits is for r before
// the sigmoid.
static void gate_backward(size_t rows, size_t columns, const float *r, const float *x, size_t ldx, float *gated,
                          float *dx, size_t lddx, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const float *gates = r + i * columns, *in = x + i * ldx;
    float *upstream = gated + i * columns, *din = dx + i * lddx, *out = dlogits + i * columns;
#define BODY(STORE)                                                      \
  vec g = load(gates + c), v = load(in + c), d = load(upstream + c) * g; \
  STORE(din + c, load(din + c) + d);                                     \
  STORE(out + c, d * v * (splat(1.0f) - g));                             \
  STORE(upstream + c, g * v);
    COLUMNS(columns, BODY);
#undef BODY
  }
}

// --- The cells ---

static void leaves_forward(const struct canopy_cell *cell, size_t rows, const float *input, float *h) {
  product(rows, cell->width, cell->features, input, cell->features, cell->local.packed, cell->local.bias, h,
          cell->width, RECTIFIED);
}

// Both children's states and the local state of some splittings, side by side.
INLINE void fill_inputs(const struct canopy_cell *cell, const struct canopy_splittings *s, size_t row, size_t rows,
                        const float *state, float *x, size_t ldx) {
  const size_t width = cell->width, features = cell->features;
  gather_rows(rows, width, state, width, s->left + row, x, ldx);
  gather_rows(rows, width, state, width, s->right + row, x + width, ldx);
  product(rows, width, features, s->input + row * features, features, cell->local.packed, cell->local.bias,
          x + 2 * width, ldx, RECTIFIED);
}

static void gated_forward(const struct canopy_cell *cell, const struct canopy_splittings *s, const float *state,
                          int keep) {
  const size_t width = cell->width, three = 3 * width, four = 4 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = least(s->rows - row, BLOCK_ROWS), at = keep ? row : 0;
    float *q = s->q + at * four, *gates = s->gates + at * three, *choices = s->choices + at * three;
    fill_inputs(cell, s, row, rows, state, q + width, four);
    product(rows, three, three, q + width, four, cell->reset.packed, cell->reset.bias, gates, three, BIASED);
    gate(rows, three, gates, q + width, four, s->gated);
    product(rows, width, three, s->gated, three, cell->candidate.packed, cell->candidate.bias, q, four, RECTIFIED);
    product(rows, three, four, q, four, cell->choice.packed, cell->choice.bias, choices, three, BIASED);
    blend(rows, width, choices, q, s->h + row * width);
  }
}

static void gated_backward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                           const struct canopy_splitting_gradients *d) {
  const size_t width = cell->width, three = 3 * width, four = 4 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = least(s->rows - row, BLOCK_ROWS);
    const float *q = s->q + row * four, *gates = s->gates + row * three, *choices = s->choices + row * three;
    float *dq = d->q + row * four, *dgates = d->gates + row * three, *dchoices = d->choices + row * three;
    float *gated = d->gated + row * three;
    blend_backward(rows, width, choices, q, s->h + row * width, d->h + row * width, dq, dchoices);
    product(rows, four, three, dchoices, three, cell->choice.transposed, NULL, dq, four, ADDED);
    relu_backward(rows, width, q, four, dq, four);
    product(rows, three, width, dq, four, cell->candidate.transposed, NULL, gated, three, STORED);
    gate_backward(rows, three, gates, q + width, four, gated, dq + width, four, dgates);
    product(rows, three, three, dgates, three, cell->reset.transposed, NULL, dq + width, four, ADDED);
    scatter_rows(rows, width, dq + width, four, s->left + row, d->state, width);
    scatter_rows(rows, width, dq + 2 * width, four, s->right + row, d->state, width);
    relu_backward(rows, width, q + three, four, dq + three, four);
  }
}

static void simple_forward(const struct canopy_cell *cell, const struct canopy_splittings *s, const float *state,
                           int keep) {
  const size_t width = cell->width, three = 3 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = least(s->rows - row, BLOCK_ROWS);
    float *q = s->q + (keep ? row : 0) * three;
    fill_inputs(cell, s, row, rows, state, q, three);
    product(rows, width, three, q, three, cell->candidate.packed, cell->candidate.bias, s->h + row * width, width,
            RECTIFIED);
  }
}

static void simple_backward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                            const struct canopy_splitting_gradients *d) {
  const size_t width = cell->width, three = 3 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = least(s->rows - row, BLOCK_ROWS);
    const float *q = s->q + row * three;
    float *from = d->q + row * three, *upstream = d->h + row * width;
    relu_backward(rows, width, s->h + row * width, width, upstream, width);
    product(rows, three, width, upstream, width, cell->candidate.transposed, NULL, from, three, STORED);
    scatter_rows(rows, width, from, three, s->left + row, d->state, width);
    scatter_rows(rows, width, from + width, three, s->right + row, d->state, width);
    relu_backward(rows, width, q + 2 * width, three, from + 2 * width, three);
  }
}
