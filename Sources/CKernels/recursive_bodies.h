// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products with packed weights and the cells of the recursive network, a part of kernel_bodies.h. The
// splittings of a height are worked through in blocks of rows whose numbers stay in the first-level cache from
// gathering the children to storing the new state.

// TILE_ROWS x TILE_VECTORS accumulators, and what feeds them, fit the vector registers.
#define TILE_ROWS 6
#define BLOCK_ROWS ((size_t)CANOPY_BLOCK_ROWS)

// A packed matrix is a sequence of panels of TILE_VECTORS vectors of outputs, the last one narrower; a panel
// holds, for each input in turn, its outputs side by side, zero where there is none.
INLINE size_t vectors(size_t outputs) { return (outputs + LANES - 1) / LANES; }

static size_t packed_count(size_t outputs, size_t inputs) { return vectors(outputs) * LANES * inputs; }

static void pack(size_t outputs, size_t inputs, const float *w, int transposed, float *packed) {
  for (size_t first = 0; first < vectors(outputs); first += TILE_VECTORS) {
    const size_t left = vectors(outputs) - first;
    const size_t width = (left < TILE_VECTORS ? left : TILE_VECTORS) * LANES;
    for (size_t k = 0; k < inputs; k++) {
      for (size_t j = 0; j < width; j++) {
        const size_t output = first * LANES + j;
        *packed++ = output >= outputs ? 0.0f : transposed ? w[k * outputs + output] : w[output * inputs + k];
      }
    }
  }
}

// Rows x columns vectors of y; `lanes` of the last vector are stored. All constant but k, so that it unrolls.
INLINE void tile(const int rows, const int columns, size_t k, const float *x, size_t ldx, const float *panel,
                 float *y, size_t ldy, size_t lanes, int accumulate) {
  vec sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) sum[i][j] = (vec){0};
  }
  for (size_t at = 0; at < k; at++) {
    vec weights[TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) weights[j] = load(panel + j * LANES);
    panel += columns * LANES;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vec input = splat(x[i * ldx + at]);
#pragma clang loop unroll(full)
      for (int j = 0; j < columns; j++) sum[i][j] += input * weights[j];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      float *to = y + i * ldy + j * LANES;
      if (accumulate) sum[i][j] += load(to);
      if (j < columns - 1 || lanes == LANES) {
        store(to, sum[i][j]);
      } else {
        store_some(to, sum[i][j], lanes);
      }
    }
  }
}

#define TILES_OF(count)                                                                                    \
  INLINE void tiles_##count(size_t rows, size_t k, const float *x, size_t ldx, const float *panel, float *y, \
                            size_t ldy, size_t lanes, int accumulate) {                                    \
    for (; rows >= TILE_ROWS; rows -= TILE_ROWS, x += TILE_ROWS * ldx, y += TILE_ROWS * ldy)               \
      tile(TILE_ROWS, count, k, x, ldx, panel, y, ldy, lanes, accumulate);                                 \
    switch (rows) {                                                                                        \
      case 5: tile(5, count, k, x, ldx, panel, y, ldy, lanes, accumulate); break;                          \
      case 4: tile(4, count, k, x, ldx, panel, y, ldy, lanes, accumulate); break;                          \
      case 3: tile(3, count, k, x, ldx, panel, y, ldy, lanes, accumulate); break;                          \
      case 2: tile(2, count, k, x, ldx, panel, y, ldy, lanes, accumulate); break;                          \
      case 1: tile(1, count, k, x, ldx, panel, y, ldy, lanes, accumulate); break;                          \
      default: break;                                                                                      \
    }                                                                                                      \
  }

TILES_OF(1)
TILES_OF(2)
#if TILE_VECTORS > 2
TILES_OF(3)
TILES_OF(4)
#endif

static void packed_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t ldx,
                           const float *packed, float *y, size_t ldy, int accumulate) {
  const size_t last_lanes = outputs - (vectors(outputs) - 1) * LANES;
  // Rows go by blocks, so that those of x stay in the cache from panel to panel.
  for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
    const size_t count = rows - row < BLOCK_ROWS ? rows - row : BLOCK_ROWS;
    const float *panel = packed;
    for (size_t first = 0; first < vectors(outputs); first += TILE_VECTORS) {
      const size_t left = vectors(outputs) - first;
      const size_t width = left < TILE_VECTORS ? left : TILE_VECTORS;
      const size_t lanes = left <= TILE_VECTORS ? last_lanes : LANES;
      const float *from = x + row * ldx;
      float *to = y + row * ldy + first * LANES;
      switch (width) {
        case 1: tiles_1(count, inputs, from, ldx, panel, to, ldy, lanes, accumulate); break;
        case 2: tiles_2(count, inputs, from, ldx, panel, to, ldy, lanes, accumulate); break;
#if TILE_VECTORS > 2
        case 3: tiles_3(count, inputs, from, ldx, panel, to, ldy, lanes, accumulate); break;
        default: tiles_4(count, inputs, from, ldx, panel, to, ldy, lanes, accumulate); break;
#endif
      }
      panel += width * LANES * inputs;
    }
  }
}

// --- The gates ---

// r = sigmoid(r + bias); gated = r * x. r and gated are contiguous [rows x columns].
static void gate(size_t rows, size_t columns, float *r, const float *bias, const float *x, size_t ldx,
                 float *gated) {
  for (size_t i = 0; i < rows; i++) {
    float *gates = r + i * columns;
    float *out = gated + i * columns;
    const float *in = x + i * ldx;
#define BODY(STORE)                                                                                  \
  vec g = sigmoid_vec(load(gates + c) + load(bias + c));                                                   \
  STORE(gates + c, g);                                                                                     \
  STORE(out + c, g * load(in + c));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

// z [rows x 4 width] becomes its softmax over the four blocks of `width` columns after adding the bias;
// h [rows x width] is the sum over the blocks of z * q, q [rows x 4 width].
static void blend(size_t rows, size_t width, float *z, const float *bias, const float *q, float *h) {
  const float *b0 = bias, *b1 = bias + width, *b2 = bias + 2 * width, *b3 = bias + 3 * width;
  for (size_t i = 0; i < rows; i++) {
    float *z0 = z + i * 4 * width, *z1 = z0 + width, *z2 = z1 + width, *z3 = z2 + width;
    const float *q0 = q + i * 4 * width, *q1 = q0 + width, *q2 = q1 + width, *q3 = q2 + width;
    float *out = h + i * width;
#define BODY(STORE)                                                                                  \
  vec l0 = load(z0 + c) + load(b0 + c), l1 = load(z1 + c) + load(b1 + c);                                  \
  vec l2 = load(z2 + c) + load(b2 + c), l3 = load(z3 + c) + load(b3 + c);                                  \
  vec top = max(max(l0, l1), max(l2, l3));                                                                 \
  vec e0 = exp_vec(l0 - top), e1 = exp_vec(l1 - top), e2 = exp_vec(l2 - top), e3 = exp_vec(l3 - top);      \
  vec norm = reciprocal_vec(e0 + e1 + e2 + e3);                                                                \
  e0 *= norm, e1 *= norm, e2 *= norm, e3 *= norm;                                                          \
  STORE(out + c, e0 * load(q0 + c) + e1 * load(q1 + c) + e2 * load(q2 + c) + e3 * load(q3 + c));           \
  STORE(z0 + c, e0);                                                                                       \
  STORE(z1 + c, e1);                                                                                       \
  STORE(z2 + c, e2);                                                                                       \
  STORE(z3 + c, e3);
    COLUMNS(width, BODY);
#undef BODY
  }
}

// The gradients of blend from that of h: dq for q, dlogits for z before the softmax.
static void blend_backward(size_t rows, size_t width, const float *z, const float *q, const float *dh,
                           float *dq, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const size_t row = i * 4 * width;
    const float *upstream = dh + i * width;
#define BODY(STORE)                                                                                  \
  const size_t at0 = row + c, at1 = at0 + width, at2 = at1 + width, at3 = at2 + width;                     \
  vec d = load(upstream + c);                                                                              \
  vec w0 = load(z + at0) * d, w1 = load(z + at1) * d, w2 = load(z + at2) * d, w3 = load(z + at3) * d;      \
  STORE(dq + at0, w0);                                                                                     \
  STORE(dq + at1, w1);                                                                                     \
  STORE(dq + at2, w2);                                                                                     \
  STORE(dq + at3, w3);                                                                                     \
  vec v0 = load(q + at0), v1 = load(q + at1), v2 = load(q + at2), v3 = load(q + at3);                      \
  vec mean = load(z + at0) * v0 + load(z + at1) * v1 + load(z + at2) * v2 + load(z + at3) * v3;            \
  STORE(dlogits + at0, w0 * (v0 - mean));                                                                  \
  STORE(dlogits + at1, w1 * (v1 - mean));                                                                  \
  STORE(dlogits + at2, w2 * (v2 - mean));                                                                  \
  STORE(dlogits + at3, w3 * (v3 - mean));
    COLUMNS(width, BODY);
#undef BODY
  }
}

// The gradients of gate from that of `gated`: dx is added to, dlogits is for r before the sigmoid.
static void gate_backward(size_t rows, size_t columns, const float *r, const float *x, size_t ldx,
                          const float *dgated, float *dx, size_t lddx, float *dlogits) {
  for (size_t i = 0; i < rows; i++) {
    const float *gates = r + i * columns, *in = x + i * ldx, *upstream = dgated + i * columns;
    float *din = dx + i * lddx, *out = dlogits + i * columns;
#define BODY(STORE)                                                                                  \
  vec g = load(gates + c), d = load(upstream + c) * g;                                                     \
  STORE(din + c, load(din + c) + d);                                                                       \
  STORE(out + c, d * load(in + c) * (splat(1.0f) - g));
    COLUMNS(columns, BODY);
#undef BODY
  }
}

// --- The cells ---

static void leaves_forward(const struct canopy_cell *cell, size_t rows, const float *input, float *h) {
  packed_product(rows, cell->width, cell->features, input, cell->features, cell->local.packed, h, cell->width, 0);
  add_bias_relu(rows, cell->width, h, cell->width, cell->local.bias);
}

// Both children's states and the local state of some splittings, side by side.
INLINE void fill_inputs(const struct canopy_cell *cell, const struct canopy_splittings *s, size_t row,
                        size_t rows, const float *state, float *x, size_t ldx) {
  const size_t width = cell->width, features = cell->features;
  gather_rows(rows, width, state, width, s->left + row, x, ldx);
  gather_rows(rows, width, state, width, s->right + row, x + width, ldx);
  packed_product(rows, width, features, s->input + row * features, features, cell->local.packed,
                 x + 2 * width, ldx, 0);
  add_bias_relu(rows, width, x + 2 * width, ldx, cell->local.bias);
}

static void gated_forward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                          const float *state, int keep) {
  const size_t width = cell->width, three = 3 * width, four = 4 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = s->rows - row < BLOCK_ROWS ? s->rows - row : BLOCK_ROWS, at = keep ? row : 0;
    float *q = s->q + at * four, *gates = s->gates + at * three, *gated = s->gated + at * three;
    float *choices = s->choices + at * four;
    fill_inputs(cell, s, row, rows, state, q + width, four);
    packed_product(rows, three, three, q + width, four, cell->reset.packed, gates, three, 0);
    gate(rows, three, gates, cell->reset.bias, q + width, four, gated);
    packed_product(rows, width, three, gated, three, cell->candidate.packed, q, four, 0);
    add_bias_relu(rows, width, q, four, cell->candidate.bias);
    packed_product(rows, four, four, q, four, cell->choice.packed, choices, four, 0);
    blend(rows, width, choices, cell->choice.bias, q, s->h + row * width);
  }
}

static void gated_backward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                           const struct canopy_splitting_gradients *d) {
  const size_t width = cell->width, three = 3 * width, four = 4 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = s->rows - row < BLOCK_ROWS ? s->rows - row : BLOCK_ROWS;
    const float *q = s->q + row * four, *gates = s->gates + row * three, *choices = s->choices + row * four;
    float *dq = d->q + row * four, *dgates = d->gates + row * three, *dchoices = d->choices + row * four;
    blend_backward(rows, width, choices, q, d->h + row * width, dq, dchoices);
    packed_product(rows, four, four, dchoices, four, cell->choice.transposed, dq, four, 1);
    relu_backward(rows, width, q, four, dq, four);
    packed_product(rows, three, width, dq, four, cell->candidate.transposed, d->gated, three, 0);
    gate_backward(rows, three, gates, q + width, four, d->gated, dq + width, four, dgates);
    packed_product(rows, three, three, dgates, three, cell->reset.transposed, dq + width, four, 1);
    scatter_rows(rows, width, dq + width, four, s->left + row, d->state, width);
    scatter_rows(rows, width, dq + 2 * width, four, s->right + row, d->state, width);
    relu_backward(rows, width, q + three, four, dq + three, four);
  }
}

static void simple_forward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                           const float *state, int keep) {
  const size_t width = cell->width, three = 3 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = s->rows - row < BLOCK_ROWS ? s->rows - row : BLOCK_ROWS;
    float *q = s->q + (keep ? row : 0) * three, *h = s->h + row * width;
    fill_inputs(cell, s, row, rows, state, q, three);
    packed_product(rows, width, three, q, three, cell->candidate.packed, h, width, 0);
    add_bias_relu(rows, width, h, width, cell->candidate.bias);
  }
}

static void simple_backward(const struct canopy_cell *cell, const struct canopy_splittings *s,
                            const struct canopy_splitting_gradients *d) {
  const size_t width = cell->width, three = 3 * width;
  for (size_t row = 0; row < s->rows; row += BLOCK_ROWS) {
    const size_t rows = s->rows - row < BLOCK_ROWS ? s->rows - row : BLOCK_ROWS;
    const float *q = s->q + row * three;
    float *from = d->q + row * three, *upstream = d->h + row * width;
    relu_backward(rows, width, s->h + row * width, width, upstream, width);
    packed_product(rows, three, width, upstream, width, cell->candidate.transposed, from, three, 0);
    scatter_rows(rows, width, from, three, s->left + row, d->state, width);
    scatter_rows(rows, width, from + width, three, s->right + row, d->state, width);
    relu_backward(rows, width, q + 2 * width, three, from + 2 * width, three);
  }
}
