// SPDX-License-Identifier: GPL-3.0-or-later
//
// Products of matrices as small as a network's, a part of kernel_bodies.h.

// TILE_ROWS x TILE_VECTORS accumulators, and what feeds them, fit the vector registers.
#define TILE_ROWS 6
#define BLOCK_ROWS ((size_t)CANOPY_BLOCK_ROWS)

// What a product does with its sums.
enum ending {
  STORED,    // y = sums
  ADDED,     // y += sums
  BIASED,    // y = sums + bias
  RECTIFIED  // y = max(0, sums + bias)
};

// A tile of a product: y[i][j] = sum over `at` of x[i * ldx + at * step_x] * panel[at * step + j], of `rows` rows
// and `columns` vectors, of the last of which `lanes` are stored. rows and columns are constants, so that all but
// the loop over k unrolls and the sums stay in registers.
INLINE void tile(const int rows, const int columns, size_t k, const float *x, size_t ldx, size_t step_x,
                 const float *panel, size_t step, const float *bias, float *y, size_t ldy, size_t lanes,
                 enum ending ending) {
  vec sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
  for (int j = 0; j < columns; j++) {
    const vec start = ending >= BIASED ? load(bias + j * LANES) : (vec){0};
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) sum[i][j] = start;
  }
  for (size_t at = 0; at < k; at++) {
    vec weights[TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) weights[j] = load(panel + j * LANES);
    panel += step;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const vec input = splat(x[i * ldx]);
#pragma clang loop unroll(full)
      for (int j = 0; j < columns; j++) sum[i][j] += input * weights[j];
    }
    x += step_x;
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
    for (int j = 0; j < columns; j++) {
      float *to = y + i * ldy + j * LANES;
      if (ending == ADDED) sum[i][j] += load(to);
      if (ending == RECTIFIED) sum[i][j] = max(splat(0.0f), sum[i][j]);
      if (j < columns - 1 || lanes == LANES) {
        store(to, sum[i][j]);
      } else {
        store_some(to, sum[i][j], lanes);
      }
    }
  }
}

// Tiles of all rows. Seven rows are worked through as 4 + 3, since a tile of one row waits for its weights.
#define TILES_OF(count)                                                                                               \
  static void tiles_##count(size_t rows, size_t k, const float *x, size_t ldx, size_t step_x, const float *panel,     \
                            size_t step, const float *bias, float *y, size_t ldy, size_t lanes, enum ending ending) { \
    while (rows > 0) {                                                                                                \
      const size_t now = rows >= 2 * TILE_ROWS ? TILE_ROWS : rows > TILE_ROWS ? (rows + 1) / 2 : rows;                \
      switch (now) {                                                                                                  \
        case 6: tile(6, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                   \
        case 5: tile(5, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                   \
        case 4: tile(4, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                   \
        case 3: tile(3, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                   \
        case 2: tile(2, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                   \
        default: tile(1, count, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;                  \
      }                                                                                                               \
      rows -= now, x += now * ldx, y += now * ldy;                                                                    \
    }                                                                                                                 \
  }

TILES_OF(1)
TILES_OF(2)
#if TILE_VECTORS > 2
TILES_OF(3)
TILES_OF(4)
#endif

// Tiles of all rows and of the vectors of one panel.
INLINE void tiles(size_t width, size_t rows, size_t k, const float *x, size_t ldx, size_t step_x, const float *panel,
                  size_t step, const float *bias, float *y, size_t ldy, size_t lanes, enum ending ending) {
  switch (width) {
    case 1: tiles_1(rows, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;
    case 2: tiles_2(rows, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;
#if TILE_VECTORS > 2
    case 3: tiles_3(rows, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;
    default: tiles_4(rows, k, x, ldx, step_x, panel, step, bias, y, ldy, lanes, ending); break;
#endif
  }
}

INLINE size_t vectors(size_t count) { return (count + LANES - 1) / LANES; }

INLINE size_t least(size_t a, size_t b) { return a < b ? a : b; }

// --- With packed weights ---
//
// A packed matrix is a sequence of panels of TILE_VECTORS vectors of outputs, the last one narrower; a panel
// holds, for each input in turn, its outputs side by side, and zeros for outputs that do not exist.

static size_t packed_count(size_t outputs, size_t inputs) { return vectors(outputs) * LANES * inputs; }

static void pack(size_t outputs, size_t inputs, const float *w, int transposed, float *packed) {
  for (size_t first = 0; first < vectors(outputs); first += TILE_VECTORS) {
    const size_t width = least(vectors(outputs) - first, TILE_VECTORS) * LANES;
    for (size_t k = 0; k < inputs; k++) {
      for (size_t j = 0; j < width; j++) {
        const size_t output = first * LANES + j;
        *packed++ = output >= outputs ? 0.0f : transposed ? w[k * outputs + output] : w[output * inputs + k];
      }
    }
  }
}

static void product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t ldx, const float *packed,
                    const float *bias, float *y, size_t ldy, enum ending ending) {
  const size_t last_lanes = outputs - (vectors(outputs) - 1) * LANES;
  // Rows go by blocks, so that those of x stay in the cache from panel to panel.
  for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
    const float *panel = packed;
    for (size_t first = 0; first < vectors(outputs); first += TILE_VECTORS) {
      const size_t left = vectors(outputs) - first, width = least(left, TILE_VECTORS);
      tiles(width, least(rows - row, BLOCK_ROWS), inputs, x + row * ldx, ldx, 1, panel, width * LANES,
            ending < BIASED ? NULL : bias + first * LANES, y + row * ldy + first * LANES, ldy,
            left <= TILE_VECTORS ? last_lanes : LANES, ending);
      panel += width * LANES * inputs;
    }
  }
}

static void packed_product(size_t rows, size_t outputs, size_t inputs, const float *x, size_t ldx, const float *packed,
                           float *y, size_t ldy, int accumulate) {
  product(rows, outputs, inputs, x, ldx, packed, NULL, y, ldy, accumulate ? ADDED : STORED);
}

// --- Of gradients and inputs ---

// The rows whose numbers stay in the first-level cache while all tiles read them.
#define OUTER_ROWS ((size_t)48)

static void add_outer_products(size_t rows, size_t outputs, size_t inputs, const float *d, size_t ldd, const float *x,
                               size_t ldx, float *w, size_t ldw) {
  const size_t last_lanes = inputs - (vectors(inputs) - 1) * LANES;
  for (size_t row = 0; row < rows; row += OUTER_ROWS) {
    for (size_t first = 0; first < vectors(inputs); first += TILE_VECTORS) {
      const size_t left = vectors(inputs) - first;
      tiles(least(left, TILE_VECTORS), outputs, least(rows - row, OUTER_ROWS), d + row * ldd, 1, ldd,
            x + row * ldx + first * LANES, ldx, NULL, w + first * LANES, ldw, left <= TILE_VECTORS ? last_lanes : LANES,
            ADDED);
    }
  }
}
