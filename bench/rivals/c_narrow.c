/* The zip-code network by hand for AVX2: one pass of stochastic gradient descent.
 *
 * The same plan as c_wide.c with vectors of 8 and 16 registers: a map of h1 is four planes of
 * 4x4 by the parity of row and column (p = 2 * row parity + column parity), a plane is two
 * vectors of two rows. What moves a plane by a row is an unaligned load from rows of four with
 * a border above and below; what moves it by a column is a copy made beforehand.
 *
 *   h1 forward      8 positions a vector, inputs from 49 shifted phases, weights broadcast
 *   h2 forward      8 positions a vector, from copies of the planes moved by each tap column
 *   h1 <- h2        the same from three copies of the errors of h2, bordered with 0
 *   weights of h2   2 taps x 4 maps a vector, from copies with the maps side by side
 *   weights of h1   24 taps in three vectors from strips of the input, the last by positions
 *   h3              8 inputs a vector; sums across vectors by a transposing tree
 */
#include <immintrin.h>
#include <string.h>

typedef __m256 V;
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n) PRAGMA(GCC unroll n)
#define INLINE static inline __attribute__((always_inline))
#define LD _mm256_loadu_ps
#define ST _mm256_storeu_ps
#define ALL _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define ZERO _mm256_setzero_ps()

enum { TAPS = 25, PITCH = 112, STRIP = 19 * 5 + 17 };

/* the two groups of four h2 maps that see h1 maps 0-3, 4-7, 8-11 */
static const int GROUPS[3][2] = {{0, 2}, {0, 1}, {1, 2}};
/* the two quartets of h1 maps that each group of h2 maps sees, and its place in GROUPS */
static const int QUARTETS[3][2] = {{0, 1}, {1, 2}, {0, 2}}, PLACES[3][2] = {{0, 0}, {1, 0}, {1, 1}};

/* taps v < 4 of a row lie side by side, then the last column of taps */
#define AT(u, v) ((v) < 4 ? 16 * (u) + 4 * (v) : 80 + 4 * (u))

typedef struct {
    float w1[12][32], b1[12][4][16];          /* h1 maps, taps | planes */
    float w2[3][8][PITCH], b2[12][16];        /* quartet of h1 maps, h2 map, AT(u, v) + map */
    float w3[32][192], b3[32], w4[16][32], b4[16];
    float pad[19][24];                        /* the input in borders of -1 */
    float phase[7][7][16];                    /* phase[a][b][4i+j] = padded input (4i+a, 4j+b) */
    float strip[8][STRIP];                    /* column j: rows of the 5 inputs seen by unit j */
    float h1[12][4][16];                      /* later their errors */
    float seen[12][2][5][24];                 /* map, row parity, tap column: rows -1 .. 4 of 4 */
    float rows[3][11][64];                    /* quartet, padded row: unit (column, map) at 8 + */
    float columns[3][4][64];                  /* the same along padded columns 4, 6, 8, 10 */
    float h2[12][16], d2[12][16], h3[32], d3[32], d4[16];
    float sent[12][3][24];                    /* errors of h2 moved by -1, 0, 1 columns */
} __attribute__((aligned(64))) Net;

/* tanh x = x P(x^2) / Q(x^2) for |x| < 7.9, minimax fit, absolute error below 5e-7 */
INLINE V tanh8(V x) {
    x = _mm256_max_ps(_mm256_min_ps(x, ALL(7.9f)), ALL(-7.9f));
    V s = x * x;
    V p = FMA(ALL(1.1414689e-05f), s, ALL(2.9485127e-03f));
    V q = FMA(ALL(2.4572439e-07f), s, ALL(2.3839556e-04f));
    p = FMA(p, s, ALL(1.2922687e-01f));
    q = FMA(q, s, ALL(2.3803517e-02f));
    p = FMA(p, s, ALL(9.9999943e-01f)) * x;
    q = FMA(q, s, ALL(4.6255807e-01f));
    return p / FMA(q, s, ALL(1.0f));
}

INLINE V slope(V d, V h) { return d * _mm256_fnmadd_ps(h, h, ALL(1.0f)); }

/* lane r of the result is the sum of the lanes of v[r] */
INLINE V sums8(const V v[8]) {
    V a = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
    V b = _mm256_hadd_ps(_mm256_hadd_ps(v[4], v[5]), _mm256_hadd_ps(v[6], v[7]));
    return _mm256_permute2f128_ps(a, b, 0x20) + _mm256_permute2f128_ps(a, b, 0x31);
}

/* 4x4 transposition in each 128-bit lane */
INLINE void turn(V v[4]) {
    V a = _mm256_unpacklo_ps(v[0], v[1]), b = _mm256_unpackhi_ps(v[0], v[1]);
    V c = _mm256_unpacklo_ps(v[2], v[3]), d = _mm256_unpackhi_ps(v[2], v[3]);
    v[0] = _mm256_shuffle_ps(a, c, 0x44);
    v[1] = _mm256_shuffle_ps(a, c, 0xee);
    v[2] = _mm256_shuffle_ps(b, d, 0x44);
    v[3] = _mm256_shuffle_ps(b, d, 0xee);
}

/* rows of four moved by b columns, the border coming in: lane j takes lane j + b */
INLINE V moved(V x, int b, V border) {
    __m256i v = _mm256_castps_si256(x), e = _mm256_castps_si256(border);
    if (b < 0) return _mm256_castsi256_ps(_mm256_alignr_epi8(v, e, 12));
    if (b > 0) return _mm256_castsi256_ps(_mm256_alignr_epi8(e, v, 4));
    return x;
}

/* the 49 vectors phase[a][b] from the rows of an image */
INLINE void phases(Net *n, const float *x) {
    for (int y = 0; y < 16; y++) {
        ST(&n->pad[y + 2][2], LD(x + 16 * y));
        ST(&n->pad[y + 2][10], LD(x + 16 * y + 8));
    }
    /* four columns at a time, from padded column 0 and from 4; padded rows 0, 1, 18 stay -1 */
    const __m128 border = _mm_set1_ps(-1.0f);
    UNROLL(16)
    for (int y = 2; y < 18; y++) {
        const float *row = x + 16 * (y - 2);
        __m128 left = _mm_loadh_pi(border, (const __m64 *)row);
        __m128 right = _mm_loadl_pi(border, (const __m64 *)(row + 14));
        __m128 c1 = _mm_loadu_ps(row + 2), c2 = _mm_loadu_ps(row + 6), c3 = _mm_loadu_ps(row + 10);
        __m128 f[2][4] = {{left, c1, c2, c3}, {c1, c2, c3, right}};
        _MM_TRANSPOSE4_PS(f[0][0], f[0][1], f[0][2], f[0][3]);
        _MM_TRANSPOSE4_PS(f[1][0], f[1][1], f[1][2], f[1][3]);
        UNROLL(7)
        for (int b = 0; b < 7; b++) {
            if (y < 16) _mm_storeu_ps(&n->phase[y % 4][b][y / 4 * 4], f[b / 4][b % 4]);
            if (y >= 4 && y % 4 < 3)
                _mm_storeu_ps(&n->phase[y % 4 + 4][b][y / 4 * 4 - 4], f[b / 4][b % 4]);
        }
    }
}

INLINE void forward1(Net *n) {
    for (int m = 0; m < 12; m += 6) {
        UNROLL(4)
        for (int p = 0; p < 4; p++) {
            V acc[6][2];
            UNROLL(12)
            for (int k = 0; k < 12; k++) acc[k / 2][k % 2] = LD(n->b1[m + k / 2][p] + k % 2 * 8);
            for (int u = 0; u < 5; u++) {
                UNROLL(5)
                for (int v = 0; v < 5; v++) {
                    const float *x = n->phase[u + p / 2 * 2][v + p % 2 * 2];
                    V x0 = LD(x), x1 = LD(x + 8);
                    UNROLL(6)
                    for (int k = 0; k < 6; k++) {
                        V w = ALL(n->w1[m + k][5 * u + v]);
                        acc[k][0] = FMA(w, x0, acc[k][0]);
                        acc[k][1] = FMA(w, x1, acc[k][1]);
                    }
                }
            }
            UNROLL(12)
            for (int k = 0; k < 12; k++) ST(n->h1[m + k / 2][p] + k % 2 * 8, acc[k / 2][k % 2]);
        }
    }
    const V border = ALL(-1.0f);
    for (int m = 0; m < 12; m++) {
        UNROLL(8)
        for (int k = 0; k < 8; k++) {
            float *at = n->h1[m][k / 2] + k % 2 * 8;
            V h = tanh8(LD(at));
            ST(at, h);
            UNROLL(3)
            for (int v = k / 2 % 2; v < 5; v += 2)
                ST(&n->seen[m][k / 4][v][4 + k % 2 * 8], moved(h, v / 2 - 1, border));
        }
    }
}

INLINE void forward2(Net *n) {
    for (int g = 0; g < 3; g++) {
        V acc[4][2];
        UNROLL(8)
        for (int k = 0; k < 8; k++) acc[k / 2][k % 2] = LD(n->b2[4 * g + k / 2] + k % 2 * 8);
        for (int s = 0; s < 8; s++) {
            int quartet = QUARTETS[g][s / 4], c = s % 4;
            const char *ahead = (const char *)n->w3 + 64 * 16 * (8 * g + s);
            const float *weights = n->w2[quartet][4 * PLACES[g][s / 4]] + c;
            UNROLL(5)
            for (int u = 0; u < 5; u++) {
                UNROLL(5)
                for (int v = 0; v < 5; v++) {
                    const float *x = &n->seen[4 * quartet + c][u % 2][v][u / 2 * 4];
                    V x0 = LD(x), x1 = LD(x + 8);
                    /* the next layer's 384 cache lines, 16 a turn: from level 2 meanwhile (-2 %) */
                    if (5 * u + v < 16) _mm_prefetch(ahead + 64 * (5 * u + v), _MM_HINT_T0);
                    UNROLL(4)
                    for (int k = 0; k < 4; k++) {
                        V w = ALL(weights[k * PITCH + AT(u, v)]);
                        acc[k][0] = FMA(w, x0, acc[k][0]);
                        acc[k][1] = FMA(w, x1, acc[k][1]);
                    }
                }
            }
        }
        UNROLL(8)
        for (int k = 0; k < 8; k++) ST(n->h2[4 * g + k / 2] + k % 2 * 8, tanh8(acc[k / 2][k % 2]));
    }
}

INLINE void forward34(Net *n, V out[2]) {
    V v[8];
    for (int r = 0; r < 32; r += 8) {
        UNROLL(8)
        for (int k = 0; k < 8; k++) v[k] = ZERO;
        for (int c = 0; c < 192; c += 8) {
            V x = LD((float *)n->h2 + c);
            UNROLL(8)
            for (int k = 0; k < 8; k++) v[k] = FMA(x, LD(&n->w3[r + k][c]), v[k]);
        }
        ST(n->h3 + r, tanh8(sums8(v) + LD(n->b3 + r)));
    }
    UNROLL(2)
    for (int r = 0; r < 16; r += 8) {
        UNROLL(8)
        for (int k = 0; k < 8; k++) {
            v[k] = ZERO;
            UNROLL(4)
            for (int c = 0; c < 32; c += 8)
                if (r + k < 10) v[k] = FMA(LD(n->h3 + c), LD(&n->w4[r + k][c]), v[k]);
        }
        out[r / 8] = tanh8(sums8(v) + LD(n->b4 + r));
    }
}

/* errors and weights of the two full layers; leaves the errors of h2 and the new b2 */
INLINE void backward34(Net *n, const V out[2], const float *want, float step) {
    const V minus = ALL(-step);
    const __m256i two = _mm256_setr_epi32(-1, -1, 0, 0, 0, 0, 0, 0);
    V target[2] = {LD(want), _mm256_maskload_ps(want + 8, two)};
    UNROLL(2)
    for (int q = 0; q < 2; q++) { /* beyond the ten: tanh 0 - 0 = 0 */
        V d = slope((out[q] - target[q]) * ALL(0.2f), out[q]);
        ST(n->d4 + 8 * q, d);
        ST(n->b4 + 8 * q, FMA(minus, d, LD(n->b4 + 8 * q)));
    }
    UNROLL(4)
    for (int q = 0; q < 32; q += 8) {
        V h = LD(n->h3 + q), hs = h * minus, acc[2] = {ZERO, ZERO};
        UNROLL(10)
        for (int r = 0; r < 10; r++) {
            V d = ALL(n->d4[r]), w = LD(&n->w4[r][q]);
            acc[r % 2] = FMA(d, w, acc[r % 2]);
            ST(&n->w4[r][q], FMA(d, hs, w));
        }
        V d = slope(acc[0] + acc[1], h);
        ST(n->d3 + q, d);
        ST(n->b3 + q, FMA(minus, d, LD(n->b3 + q)));
    }
    for (int c = 0; c < 192; c += 48) {
        V acc[6], hs[6];
        UNROLL(6)
        for (int k = 0; k < 6; k++) {
            acc[k] = ZERO;
            hs[k] = LD((float *)n->h2 + c + 8 * k) * minus;
        }
        UNROLL(2)
        for (int r = 0; r < 30; r++) {
            V d = ALL(n->d3[r]);
            UNROLL(6)
            for (int k = 0; k < 6; k++) {
                V w = LD(&n->w3[r][c + 8 * k]);
                acc[k] = FMA(d, w, acc[k]);
                ST(&n->w3[r][c + 8 * k], FMA(d, hs[k], w));
            }
        }
        UNROLL(6)
        for (int k = 0; k < 6; k++) {
            int m = (c + 8 * k) / 16, half = k % 2 * 8;
            V d = slope(acc[k], LD(n->h2[m] + half));
            ST(n->d2[m] + half, d);
            ST(n->b2[m] + half, FMA(minus, d, LD(n->b2[m] + half)));
            UNROLL(3)
            for (int b = -1; b < 2; b++) ST(&n->sent[m][b + 1][4 + half], moved(d, b, ZERO));
        }
    }
}

INLINE void strips(Net *n) {
    for (int j = 0; j < 8; j++) { /* 8 floats for 5: the next row overwrites the rest */
        UNROLL(19)
        for (int y = 0; y < 19; y++) ST(&n->strip[j][5 * y], LD(&n->pad[y][2 * j]));
    }
    for (int g = 0; g < 3; g++) {
        UNROLL(4)
        for (int k = 0; k < 4; k++) { /* row parity y, rows i, i+1 of the planes */
            int y = k / 2, i = k % 2 * 2;
            V even[4], odd[4];
            UNROLL(4)
            for (int c = 0; c < 4; c++) {
                even[c] = LD(n->h1[4 * g + c][2 * y] + 4 * i);
                odd[c] = LD(n->h1[4 * g + c][2 * y + 1] + 4 * i);
            }
            turn(even);
            turn(odd);
            float *row = n->rows[g][2 * i + y + 2] + 16;
            UNROLL(4)
            for (int j = 0; j < 4; j++) {
                ST(row + 8 * j, _mm256_permute2f128_ps(even[j], odd[j], 0x20));
                ST(row + 128 + 8 * j, _mm256_permute2f128_ps(even[j], odd[j], 0x31));
                if (j == 0) continue;
                float *column = &n->columns[g][j - 1][8 + 4 * (2 * i + y + 2)];
                _mm_storeu_ps(column, _mm256_castps256_ps128(even[j]));
                _mm_storeu_ps(column + 8, _mm256_extractf128_ps(even[j], 1));
            }
        }
    }
}

/* errors of h1: plane p at (i, j) collects d2 at (i+a, j+b) for every tap of its parity */
INLINE void backward1(Net *n, float step) {
    const V minus = ALL(-step);
    for (int m = 0; m < 12; m++) {
        V acc[5][2]; /* plane 0 has 9 taps: a fifth sum halves the chain that all would wait for */
        UNROLL(10)
        for (int k = 0; k < 10; k++) acc[k / 2][k % 2] = ZERO;
        for (int k = 0; k < 8; k++) {
            const float(*from)[24] = n->sent[4 * GROUPS[m / 4][k / 4] + k % 4];
            const float *weights = n->w2[m / 4][k] + m % 4;
            UNROLL(3)
            for (int a = -1; a < 2; a++) {
                UNROLL(3)
                for (int b = -1; b < 2; b++) {
                    const float *x = &from[b + 1][4 * (a + 1)];
                    V x0 = LD(x), x1 = LD(x + 8);
                    UNROLL(4)
                    for (int p = 0; p < 4; p++) {
                        int u = p / 2 + 2 - 2 * a, v = p % 2 + 2 - 2 * b;
                        if (u > 4 || v > 4) continue;
                        V w = ALL(weights[AT(u, v)]);
                        int to = p == 0 && (a + b) % 2 ? 4 : p;
                        acc[to][0] = FMA(w, x0, acc[to][0]);
                        acc[to][1] = FMA(w, x1, acc[to][1]);
                    }
                }
            }
        }
        acc[0][0] += acc[4][0];
        acc[0][1] += acc[4][1];
        UNROLL(8)
        for (int k = 0; k < 8; k++) {
            float *bias = n->b1[m][k / 2] + k % 2 * 8;
            V d = slope(acc[k / 2][k % 2], LD(n->h1[m][k / 2] + k % 2 * 8));
            ST(n->h1[m][k / 2] + k % 2 * 8, d);
            ST(bias, FMA(minus, d, LD(bias)));
        }
    }
}

/* the q-th pair of taps, times four maps, that unit (i, j) of h2 sees */
INLINE V pair(const Net *n, int g, int i, int j, int q) {
    if (q < 10) return LD(&n->rows[g][2 * i + q / 2][8 + 8 * j + q % 2 * 8]);
    return LD(&n->columns[g][j][8 + 8 * i + (q - 10) * 8]);
}

INLINE void weights2(Net *n, float step) {
    const V minus = ALL(-step);
    const __m128 minus4 = _mm_set1_ps(-step);
    for (int half = 0; half < 6; half++) {
        int g = half / 2;
        const float *from = n->d2[4 * GROUPS[g][half % 2]];
        float *weights = n->w2[g][half % 2 * 4];
        UNROLL(4)
        for (int t = 0; t < 12; t += 3) {
            V acc[4][3];
            UNROLL(12)
            for (int k = 0; k < 12; k++) acc[k / 3][k % 3] = ZERO;
            for (int i = 0; i < 4; i++) {
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    V x[3] = {pair(n, g, i, j, t), pair(n, g, i, j, t + 1),
                              pair(n, g, i, j, t + 2)};
                    UNROLL(4)
                    for (int k = 0; k < 4; k++) {
                        V d = ALL(from[16 * k + 4 * i + j]);
                        UNROLL(3)
                        for (int q = 0; q < 3; q++) acc[k][q] = FMA(d, x[q], acc[k][q]);
                    }
                }
            }
            UNROLL(12)
            for (int k = 0; k < 12; k++) {
                float *w = weights + k / 3 * PITCH + 8 * (t + k % 3);
                ST(w, FMA(minus, acc[k / 3][k % 3], LD(w)));
            }
        }
        __m128 acc[4][2];
        UNROLL(8)
        for (int k = 0; k < 8; k++) acc[k / 2][k % 2] = _mm_setzero_ps();
        for (int i = 0; i < 4; i++) {
            UNROLL(4)
            for (int j = 0; j < 4; j++) {
                __m128 x = _mm_loadu_ps(&n->columns[g][j][24 + 8 * i]);
                UNROLL(4)
                for (int k = 0; k < 4; k++)
                    acc[k][j % 2] =
                        _mm_fmadd_ps(x, _mm_set1_ps(from[16 * k + 4 * i + j]), acc[k][j % 2]);
            }
        }
        UNROLL(4)
        for (int k = 0; k < 4; k++) {
            float *w = weights + k * PITCH + 96;
            _mm_storeu_ps(w, _mm_fmadd_ps(minus4, acc[k][0] + acc[k][1], _mm_loadu_ps(w)));
        }
    }
}

INLINE void weights1(Net *n, float step) {
    const V minus = ALL(-step);
    for (int m = 0; m < 12; m += 4) {
        V acc[4][3];
        UNROLL(12)
        for (int k = 0; k < 12; k++) acc[k / 3][k % 3] = ZERO;
        for (int p = 0; p < 4; p++) {
            for (int i = 0; i < 4; i++) {
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    const float *x = &n->strip[2 * j + p % 2][10 * (2 * i + p / 2)];
                    V x0 = LD(x), x1 = LD(x + 8), x2 = LD(x + 16);
                    UNROLL(4)
                    for (int k = 0; k < 4; k++) {
                        V d = ALL(n->h1[m + k][p][4 * i + j]);
                        acc[k][0] = FMA(d, x0, acc[k][0]);
                        acc[k][1] = FMA(d, x1, acc[k][1]);
                        acc[k][2] = FMA(d, x2, acc[k][2]);
                    }
                }
            }
        }
        UNROLL(12)
        for (int k = 0; k < 12; k++) {
            float *w = &n->w1[m + k / 3][k % 3 * 8];
            ST(w, FMA(minus, acc[k / 3][k % 3], LD(w)));
        }
    }
    float last[16];
    UNROLL(2)
    for (int m = 0; m < 16; m += 8) { /* tap (4, 4) of all maps */
        V acc[8];
        UNROLL(8)
        for (int k = 0; k < 8; k++) acc[k] = ZERO;
        UNROLL(8)
        for (int q = 0; q < 8; q++) {
            V x = LD(n->phase[4 + q / 4 * 2][4 + q / 2 % 2 * 2] + q % 2 * 8);
            UNROLL(8)
            for (int k = 0; k < 8; k++)
                if (m + k < 12) acc[k] = FMA(x, LD(n->h1[m + k][q / 2] + q % 2 * 8), acc[k]);
        }
        ST(last + m, sums8(acc));
    }
    for (int m = 0; m < 12; m++) n->w1[m][24] -= step * last[m];
}

/* copy between the flat parameters (w1 b1 w2 b2 w3 b3 w4 b4) and the layouts above */
static void exchange(Net *n, float *flat, int is_unpacking) {
#define COPY(place)                                                                              \
    do {                                                                                         \
        if (is_unpacking) *flat++ = (place);                                                     \
        else (place) = *flat++;                                                                  \
    } while (0)
    for (int m = 0; m < 12; m++)
        for (int t = 0; t < TAPS; t++) COPY(n->w1[m][t]);
    for (int m = 0; m < 12; m++)
        for (int y = 0; y < 8; y++)
            for (int x = 0; x < 8; x++) COPY(n->b1[m][y % 2 * 2 + x % 2][y / 2 * 4 + x / 2]);
    for (int m = 0; m < 12; m++)
        for (int s = 0; s < 8; s++)
            for (int t = 0; t < TAPS; t++) {
                int group = m / 4, g = s < 4 ? group % 2 : (group == 0 ? 1 : 2);
                int k = m % 4 + (GROUPS[g][0] == group ? 0 : 4);
                COPY(n->w2[g][k][AT(t / 5, t % 5) + s % 4]);
            }
    for (int m = 0; m < 12; m++)
        for (int k = 0; k < 16; k++) COPY(n->b2[m][k]);
    for (int r = 0; r < 30; r++)
        for (int k = 0; k < 192; k++) COPY(n->w3[r][k]);
    for (int r = 0; r < 30; r++) COPY(n->b3[r]);
    for (int r = 0; r < 10; r++)
        for (int k = 0; k < 30; k++) COPY(n->w4[r][k]);
    for (int r = 0; r < 10; r++) COPY(n->b4[r]);
#undef COPY
}

/* the borders: nothing else of these arrays keeps the -1 */
static void fill(void *array, size_t bytes) {
    for (size_t k = 0; k < bytes / sizeof(float); k++) ((float *)array)[k] = -1.0f;
}

void train(float *flat, const float *inputs, const float *targets, long count, float step) {
    static Net net;
    Net *n = &net;
    memset(n, 0, sizeof *n);
    fill(n->pad, sizeof n->pad);
    fill(n->phase, sizeof n->phase);
    fill(n->strip, sizeof n->strip);
    fill(n->seen, sizeof n->seen);
    fill(n->rows, sizeof n->rows);
    fill(n->columns, sizeof n->columns);
    exchange(n, flat, 0);
    for (long e = 0; e < count; e++) {
        V out[2];
        phases(n, inputs + 256 * e);
        forward1(n);
        strips(n);
        forward2(n);
        forward34(n, out);
        backward34(n, out, targets + 10 * e, step);
        backward1(n, step);
        weights2(n, step);
        weights1(n, step);
    }
    exchange(n, flat, 1);
}
