/* The zip-code network by hand for AVX-512: one pass of stochastic gradient descent.
 *
 * Everything is arranged around one fact: the maps of h2 have 4x4 = 16 units, one vector.
 * A map of h1 (8x8) is kept as four such vectors, one for each parity of row and column
 * ("planes", p = 2 * row parity + column parity). What tap (u, v) of the second convolution
 * sees is then one plane moved by at most one row and column: one permutation, no gather.
 *
 *   h1 forward      16 positions a vector, inputs from 49 shifted phases, weights broadcast
 *   h2 forward      16 positions a vector, planes permuted in registers, 12 accumulators
 *   h1 <- h2        the transposed permutations of the errors of h2, 16 accumulators
 *   weights of h2   4 taps x 4 maps a vector, from copies with the maps side by side
 *   weights of h1   25 taps in two vectors, from strips of the input
 *   h3              16 inputs a vector; sums across vectors by a transposing tree
 */
#include <immintrin.h>
#include <string.h>

typedef __m512 V;
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n) PRAGMA(GCC unroll n)
#define INLINE static inline __attribute__((always_inline))
#define LD _mm512_loadu_ps
#define ST _mm512_storeu_ps
#define ALL _mm512_set1_ps
#define FMA _mm512_fmadd_ps

enum { TAPS = 25, PITCH = 112, STRIP = 19 * 5 + 17 };

/* the two groups of four h2 maps that see h1 maps 0-3, 4-7, 8-11 */
static const int GROUPS[3][2] = {{0, 2}, {0, 1}, {1, 2}};

/* taps v < 4 of a row lie side by side, then the last column of taps */
#define AT(u, v) ((v) < 4 ? 16 * (u) + 4 * (v) : 80 + 4 * (u))

typedef struct {
    float w1[12][32], b1[12][4][16];          /* h1 maps, taps | planes */
    float w2[3][8][PITCH], b2[12][16];        /* quartet of h1 maps, h2 map, AT(u, v) + map */
    float w3[32][192], b3[32], w4[16][32], b4[16];
    float phase[7][7][16];                    /* phase[a][b][4i+j] = padded input (4i+a, 4j+b) */
    float strip[8][STRIP];                    /* column j: rows of the 5 inputs seen by unit j */
    float h1[12][4][16];                      /* later their errors */
    float rows[3][11][64];                    /* quartet, padded row: unit (column, map) at 8 + */
    float columns[3][4][64];                  /* the same along padded columns 4, 6, 8, 10 */
    float h2[12][16], d2[12][16], h3[32], d3[32], d4[16];
} __attribute__((aligned(64))) Net;

/* lane (i, j) takes lane (i+a, j+b) of the first table, or the border (second table) */
#define LANE(k, a, b)                                                                            \
    ((((k) / 4 + (a)) < 0 || ((k) / 4 + (a)) > 3 || ((k) % 4 + (b)) < 0 || ((k) % 4 + (b)) > 3)  \
         ? 16                                                                                    \
         : (k) + 4 * (a) + (b))
#define LANES4(k, a, b) LANE(k, a, b), LANE(k + 1, a, b), LANE(k + 2, a, b), LANE(k + 3, a, b)
#define MOVE(a, b) {LANES4(0, a, b), LANES4(4, a, b), LANES4(8, a, b), LANES4(12, a, b)}
static const int MOVES[3][3][16] __attribute__((aligned(64))) = {
    {MOVE(-1, -1), MOVE(-1, 0), MOVE(-1, 1)},
    {MOVE(0, -1), MOVE(0, 0), MOVE(0, 1)},
    {MOVE(1, -1), MOVE(1, 0), MOVE(1, 1)}};

INLINE V moved(V x, int a, int b, V border) {
    if (a == 0 && b == 0) return x;
    return _mm512_permutex2var_ps(x, _mm512_load_si512(MOVES[a + 1][b + 1]), border);
}

/* tanh x = x P(x^2) / Q(x^2) for |x| < 7.9, minimax fit, absolute error below 5e-7 */
INLINE V tanh16(V x) {
    x = _mm512_max_ps(_mm512_min_ps(x, ALL(7.9f)), ALL(-7.9f));
    V s = x * x;
    V p = FMA(ALL(1.1414689e-05f), s, ALL(2.9485127e-03f));
    V q = FMA(ALL(2.4572439e-07f), s, ALL(2.3839556e-04f));
    p = FMA(p, s, ALL(1.2922687e-01f));
    q = FMA(q, s, ALL(2.3803517e-02f));
    p = FMA(p, s, ALL(9.9999943e-01f)) * x;
    q = FMA(q, s, ALL(4.6255807e-01f));
    q = FMA(q, s, ALL(1.0f));
    V r = _mm512_rcp14_ps(q);
    V y = p * r;
    return FMA(_mm512_fnmadd_ps(q, y, p), r, y);
}

INLINE V slope(V d, V h) { return d * _mm512_fnmadd_ps(h, h, ALL(1.0f)); }

/* lane r of the result is the sum of the lanes of v[r] */
INLINE V sums16(const V v[16]) {
    V q[4];
    UNROLL(4)
    for (int k = 0; k < 4; k++) {
        const V *r = v + 4 * k;
        V a = _mm512_unpacklo_ps(r[0], r[1]) + _mm512_unpackhi_ps(r[0], r[1]);
        V b = _mm512_unpacklo_ps(r[2], r[3]) + _mm512_unpackhi_ps(r[2], r[3]);
        __m512d c = _mm512_castps_pd(a), d = _mm512_castps_pd(b);
        q[k] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d)) +
               _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
    }
    V r = _mm512_shuffle_f32x4(q[0], q[1], 0x88) + _mm512_shuffle_f32x4(q[0], q[1], 0xdd);
    V s = _mm512_shuffle_f32x4(q[2], q[3], 0x88) + _mm512_shuffle_f32x4(q[2], q[3], 0xdd);
    return _mm512_shuffle_f32x4(r, s, 0x88) + _mm512_shuffle_f32x4(r, s, 0xdd);
}

/* 4x4 transposition in each 128-bit lane */
INLINE void turn(V v[4]) {
    __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(v[0], v[1]));
    __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(v[0], v[1]));
    __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(v[2], v[3]));
    __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(v[2], v[3]));
    v[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
    v[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
    v[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
    v[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
}

/* 4x4 transposition of the 128-bit lanes themselves */
INLINE void cross(V v[4]) {
    V a = _mm512_shuffle_f32x4(v[0], v[1], 0x44), b = _mm512_shuffle_f32x4(v[0], v[1], 0xee);
    V c = _mm512_shuffle_f32x4(v[2], v[3], 0x44), d = _mm512_shuffle_f32x4(v[2], v[3], 0xee);
    v[0] = _mm512_shuffle_f32x4(a, c, 0x88);
    v[1] = _mm512_shuffle_f32x4(a, c, 0xdd);
    v[2] = _mm512_shuffle_f32x4(b, d, 0x88);
    v[3] = _mm512_shuffle_f32x4(b, d, 0xdd);
}

/* the 49 vectors phase[a][b] from the 16 rows of an image */
INLINE void phases(Net *n, const float *x) {
    const __m512i order =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const V border = ALL(-1.0f);
    UNROLL(4)
    for (int e = 0; e < 4; e++) { /* image rows e, e+4, e+8, e+12 */
        V f[4];
        UNROLL(4)
        for (int i = 0; i < 4; i++) f[i] = _mm512_permutexvar_ps(order, LD(x + 16 * (4 * i + e)));
        cross(f);
        /* padded row 4i+a is image row 4i+a-2 = 4(i+down) + e */
        UNROLL(7)
        for (int a = 0; a < 7; a++) {
            if ((a + 2) % 4 != e) continue;
            UNROLL(7)
            for (int b = 0; b < 7; b++)
                ST(n->phase[a][b], moved(f[(b + 2) % 4], (a + 2) / 4 - 1, (b + 2) / 4 - 1, border));
        }
    }
}

INLINE void forward1(Net *n) {
    for (int m = 0; m < 12; m += 4) {
        V acc[4][4];
        UNROLL(4)
        for (int k = 0; k < 4; k++) {
            UNROLL(4)
            for (int p = 0; p < 4; p++) acc[k][p] = LD(n->b1[m + k][p]);
        }
        for (int u = 0; u < 5; u++) {
            UNROLL(5)
            for (int v = 0; v < 5; v++) {
                V x[4];
                UNROLL(4)
                for (int p = 0; p < 4; p++) x[p] = LD(n->phase[u + p / 2 * 2][v + p % 2 * 2]);
                UNROLL(4)
                for (int k = 0; k < 4; k++) {
                    V w = ALL(n->w1[m + k][5 * u + v]);
                    UNROLL(4)
                    for (int p = 0; p < 4; p++) acc[k][p] = FMA(w, x[p], acc[k][p]);
                }
            }
        }
        UNROLL(4)
        for (int k = 0; k < 4; k++) {
            UNROLL(4)
            for (int p = 0; p < 4; p++) ST(n->h1[m + k][p], tanh16(acc[k][p]));
        }
    }
}

INLINE void forward2_quartet(const Net *n, int quartet, V left[4], V right[4]) {
    const V border = ALL(-1.0f);
    for (int c = 0; c < 4; c++) {
        V plane[4];
        UNROLL(4)
        for (int p = 0; p < 4; p++) plane[p] = LD(n->h1[4 * quartet + c][p]);
        const char *ahead = (const char *)n->w3[0] + 64 * 32 * (4 * quartet + c);
        UNROLL(5)
        for (int u = 0; u < 5; u++) {
            UNROLL(5)
            for (int v = 0; v < 5; v++) {
                /* the next layer's 384 cache lines, 32 a map: from level 2 meanwhile (-3 %) */
                int t = 5 * u + v;
                _mm_prefetch(ahead + 64 * t, _MM_HINT_T0);
                if (t < 7) _mm_prefetch(ahead + 64 * (25 + t), _MM_HINT_T0);
                V x = moved(plane[u % 2 * 2 + v % 2], u / 2 - 1, v / 2 - 1, border);
                const float *w = &n->w2[quartet][0][AT(u, v) + c];
                UNROLL(4)
                for (int k = 0; k < 4; k++) {
                    left[k] = FMA(x, ALL(w[k * PITCH]), left[k]);
                    right[k] = FMA(x, ALL(w[(k + 4) * PITCH]), right[k]);
                }
            }
        }
    }
}

INLINE void forward2(Net *n) {
    V acc[3][4];
    UNROLL(12)
    for (int m = 0; m < 12; m++) acc[m / 4][m % 4] = LD(n->b2[m]);
    forward2_quartet(n, 0, acc[0], acc[2]);
    forward2_quartet(n, 1, acc[0], acc[1]);
    forward2_quartet(n, 2, acc[1], acc[2]);
    UNROLL(12)
    for (int m = 0; m < 12; m++) ST(n->h2[m], tanh16(acc[m / 4][m % 4]));
}

INLINE void forward34(Net *n, V *out) {
    V x[12], v[16];
    UNROLL(12)
    for (int m = 0; m < 12; m++) x[m] = LD(n->h2[m]);
    for (int r = 0; r < 32; r += 16) {
        UNROLL(16)
        for (int k = 0; k < 16; k++) {
            v[k] = x[0] * LD(&n->w3[r + k][0]);
            UNROLL(11)
            for (int m = 1; m < 12; m++) v[k] = FMA(x[m], LD(&n->w3[r + k][16 * m]), v[k]);
        }
        ST(n->h3 + r, tanh16(sums16(v) + LD(n->b3 + r)));
    }
    V y0 = LD(n->h3), y1 = LD(n->h3 + 16);
    UNROLL(16)
    for (int k = 0; k < 16; k++)
        v[k] = k < 10 ? FMA(y1, LD(&n->w4[k][16]), y0 * LD(&n->w4[k][0])) : _mm512_setzero_ps();
    *out = tanh16(sums16(v) + LD(n->b4));
}

/* errors and weights of the two full layers; leaves the errors of h2 and the new b2 */
INLINE void backward34(Net *n, V out, const float *want, float step) {
    const V minus = ALL(-step);
    V target = _mm512_maskz_loadu_ps(0x3ff, want);
    V d4 = slope(_mm512_maskz_sub_ps(0x3ff, out, target) * ALL(0.2f), out);
    ST(n->d4, d4);
    ST(n->b4, FMA(minus, d4, LD(n->b4)));
    UNROLL(2)
    for (int q = 0; q < 32; q += 16) {
        V h = LD(n->h3 + q), hs = h * minus, acc[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
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
    V acc[12], hs[12];
    UNROLL(12)
    for (int m = 0; m < 12; m++) {
        acc[m] = _mm512_setzero_ps();
        hs[m] = LD(n->h2[m]) * minus;
    }
    for (int r = 0; r < 30; r++) {
        V d = ALL(n->d3[r]);
        UNROLL(12)
        for (int m = 0; m < 12; m++) {
            V w = LD(&n->w3[r][16 * m]);
            acc[m] = FMA(d, w, acc[m]);
            ST(&n->w3[r][16 * m], FMA(d, hs[m], w));
        }
    }
    UNROLL(12)
    for (int m = 0; m < 12; m++) {
        V d = slope(acc[m], LD(n->h2[m]));
        ST(n->d2[m], d);
        ST(n->b2[m], FMA(minus, d, LD(n->b2[m])));
    }
}

INLINE void strips(Net *n, const float *x) {
    /* what units j and j+1 see of a row: columns 2j-2 .. 2j+2 in each half, three lanes unused */
    const __m512i near = _mm512_setr_epi32(-2, -1, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 6, 7);
    UNROLL(4)
    for (int j = 0; j < 8; j += 2) {
        __m512i from = _mm512_add_epi32(near, _mm512_set1_epi32(2 * j));
        __mmask16 in = _mm512_cmplt_epu32_mask(from, _mm512_set1_epi32(16));
        UNROLL(16)
        for (int y = 0; y < 16; y++) { /* 8 floats for 5: the next row overwrites the rest */
            V r = _mm512_mask_permutexvar_ps(ALL(-1.0f), in, from, LD(x + 16 * y));
            _mm256_storeu_ps(&n->strip[j][5 * y + 10], _mm512_castps512_ps256(r));
            _mm256_storeu_ps(&n->strip[j + 1][5 * y + 10], _mm512_extractf32x8_ps(r, 1));
        }
        _mm256_storeu_ps(&n->strip[j][5 * 18], _mm256_set1_ps(-1.0f));
        _mm256_storeu_ps(&n->strip[j + 1][5 * 18], _mm256_set1_ps(-1.0f));
    }
    const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
    const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
    for (int g = 0; g < 3; g++) {
        V even[2][4], odd[4]; /* columns of either parity: lane i holds the 4 maps at row 2i+y */
        UNROLL(2)
        for (int y = 0; y < 2; y++) {
            UNROLL(4)
            for (int c = 0; c < 4; c++) {
                even[y][c] = LD(n->h1[4 * g + c][2 * y]);
                odd[c] = LD(n->h1[4 * g + c][2 * y + 1]);
            }
            turn(even[y]);
            turn(odd);
            UNROLL(2)
            for (int j = 0; j < 4; j += 2) {
                V row[4] = {even[y][j], odd[j], even[y][j + 1], odd[j + 1]};
                cross(row);
                UNROLL(4)
                for (int i = 0; i < 4; i++) ST(&n->rows[g][2 * i + y + 2][16 + 8 * j], row[i]);
            }
        }
        UNROLL(3)
        for (int j = 0; j < 3; j++) {
            __m512d a = _mm512_castps_pd(even[0][j + 1]), b = _mm512_castps_pd(even[1][j + 1]);
            ST(&n->columns[g][j][16], _mm512_castpd_ps(_mm512_permutex2var_pd(a, first, b)));
            ST(&n->columns[g][j][32], _mm512_castpd_ps(_mm512_permutex2var_pd(a, second, b)));
        }
    }
}

/* errors of h1: plane p at (i, j) collects d2 at (i+a, j+b) for every tap of its parity */
INLINE void backward1(Net *n, float step) {
    const V zero = _mm512_setzero_ps(), minus = ALL(-step);
    for (int g = 0; g < 3; g++) {
        V acc[4][4];
        UNROLL(16)
        for (int k = 0; k < 16; k++) acc[k / 4][k % 4] = zero;
        for (int k = 0; k < 8; k++) {
            V d = LD(n->d2[4 * GROUPS[g][k / 4] + k % 4]);
            UNROLL(3)
            for (int a = -1; a < 2; a++) {
                UNROLL(3)
                for (int b = -1; b < 2; b++) {
                    V x = moved(d, a, b, zero);
                    UNROLL(4)
                    for (int p = 0; p < 4; p++) {
                        int u = p / 2 + 2 - 2 * a, v = p % 2 + 2 - 2 * b;
                        if (u > 4 || v > 4) continue;
                        const float *w = &n->w2[g][k][AT(u, v)];
                        UNROLL(4)
                        for (int c = 0; c < 4; c++) acc[c][p] = FMA(x, ALL(w[c]), acc[c][p]);
                    }
                }
            }
        }
        UNROLL(4)
        for (int c = 0; c < 4; c++) {
            UNROLL(4)
            for (int p = 0; p < 4; p++) {
                V d = slope(acc[c][p], LD(n->h1[4 * g + c][p]));
                ST(n->h1[4 * g + c][p], d);
                ST(n->b1[4 * g + c][p], FMA(minus, d, LD(n->b1[4 * g + c][p])));
            }
        }
    }
}

INLINE void weights2(Net *n, float step) {
    const V minus = ALL(-step);
    const __m128 minus4 = _mm_set1_ps(-step);
    for (int g = 0; g < 3; g++) {
        const float *da = n->d2[4 * GROUPS[g][0]], *db = n->d2[4 * GROUPS[g][1]];
        UNROLL(2)
        for (int t = 0; t < 2; t++) { /* rows of taps 0-2, then 3, 4 and the last column */
            V acc[8][3];
            UNROLL(24)
            for (int k = 0; k < 24; k++) acc[k / 3][k % 3] = _mm512_setzero_ps();
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 4; j++) {
                    const float *x = &n->rows[g][2 * i + 3 * t][8 + 8 * j];
                    V x0 = LD(x), x1 = LD(x + 64);
                    V x2 = LD(t == 0 ? x + 128 : &n->columns[g][j][8 + 8 * i]);
                    UNROLL(8)
                    for (int k = 0; k < 8; k++) {
                        V d = ALL((k < 4 ? da + 16 * k : db + 16 * (k - 4))[4 * i + j]);
                        acc[k][0] = FMA(d, x0, acc[k][0]);
                        acc[k][1] = FMA(d, x1, acc[k][1]);
                        acc[k][2] = FMA(d, x2, acc[k][2]);
                    }
                }
            }
            UNROLL(8)
            for (int k = 0; k < 8; k++) {
                UNROLL(3)
                for (int q = 0; q < 3; q++) {
                    float *w = &n->w2[g][k][48 * t + 16 * q];
                    ST(w, FMA(minus, acc[k][q], LD(w)));
                }
            }
        }
        __m128 acc[8];
        UNROLL(8)
        for (int k = 0; k < 8; k++) acc[k] = _mm_setzero_ps();
        for (int i = 0; i < 4; i++) {
            UNROLL(4)
            for (int j = 0; j < 4; j++) {
                __m128 x = _mm_loadu_ps(&n->columns[g][j][24 + 8 * i]);
                UNROLL(8)
                for (int k = 0; k < 8; k++) {
                    const float *d = k < 4 ? da + 16 * k : db + 16 * (k - 4);
                    acc[k] = _mm_fmadd_ps(x, _mm_set1_ps(d[4 * i + j]), acc[k]);
                }
            }
        }
        UNROLL(8)
        for (int k = 0; k < 8; k++) {
            float *w = &n->w2[g][k][96];
            _mm_storeu_ps(w, _mm_fmadd_ps(minus4, acc[k], _mm_loadu_ps(w)));
        }
    }
}

INLINE void weights1(Net *n, float step) {
    const V minus = ALL(-step);
    V acc[12][2];
    UNROLL(24)
    for (int k = 0; k < 24; k++) acc[k / 2][k % 2] = _mm512_setzero_ps();
    for (int p = 0; p < 4; p++) {
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                const float *x = &n->strip[2 * j + p % 2][10 * (2 * i + p / 2)];
                V x0 = LD(x), x1 = LD(x + 16);
                UNROLL(12)
                for (int m = 0; m < 12; m++) {
                    V d = ALL(n->h1[m][p][4 * i + j]);
                    acc[m][0] = FMA(d, x0, acc[m][0]);
                    acc[m][1] = FMA(d, x1, acc[m][1]);
                }
            }
        }
    }
    UNROLL(12)
    for (int m = 0; m < 12; m++) {
        ST(&n->w1[m][0], FMA(minus, acc[m][0], LD(&n->w1[m][0])));
        _mm512_mask_storeu_ps(&n->w1[m][16], 0x1ff, FMA(minus, acc[m][1], LD(&n->w1[m][16])));
    }
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
    fill(n->strip, sizeof n->strip);
    fill(n->rows, sizeof n->rows);
    fill(n->columns, sizeof n->columns);
    exchange(n, flat, 0);
    for (long e = 0; e < count; e++) {
        V out;
        phases(n, inputs + 256 * e);
        forward1(n);
        strips(n, inputs + 256 * e);
        forward2(n);
        forward34(n, &out);
        backward34(n, out, targets + 10 * e, step);
        backward1(n, step);
        weights2(n, step);
        weights1(n, step);
    }
    exchange(n, flat, 1);
}
