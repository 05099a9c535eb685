/* The zip-code network with the kernel structure of SN's prototype: one pass of stochastic
 * gradient descent, vectors of 8, each layer by loops of its own.
 *
 * c_narrow.c asks what is possible; this asks what SN's compiler must not fall behind: a plan for
 * this one net that a person finds in a few days. Maps lie in the lanes wherever there are maps.
 * The 12 of h1 are padded to 16; the lists of 8 that the groups of h2 maps see are packed side by
 * side, once a presentation.
 *
 *   h1 forward      16 h1 maps in 2 vectors, times 4 positions, inputs broadcast
 *   h2 forward      8 h1 maps of a group a vector, 2 positions times 4 h2 maps; sums across lanes
 *   h3, output      8 inputs a vector, 6 rows at a time; sums across lanes
 *   h2 <- h3 and w3 one walk down the rows: 4 vectors of inputs, errors in, new weights out
 *   h1 <- h2        8 h1 maps a vector, times 4 positions of one parity of row and column,
 *                   gathered from errors in a border of 0; the three groups added afterwards
 *   weights of h2   8 h1 maps a vector, a row of 5 taps times 2 h2 maps, summed in registers
 *   weights of h1   16 h1 maps in 2 vectors, a row of 5 taps, summed in registers
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

enum { TAPS = 25 };

typedef struct {
    float w1[TAPS][16], b1[8][8][16];         /* h1 maps last */
    float w2[3][4][TAPS][8], b2[12][16];      /* group, h2 map, tap, h1 map of the group */
    float w3[30][192], b3[32], w4[10][32], b4[16];
    float pad[20][20];                        /* the input in borders of -1 */
    float h1[8][8][16], d1[8][8][16];
    float seen[3][12][12][8];                 /* h1 by groups, in borders of -1 */
    float sent[3][8][8][8];                   /* errors of h1 by groups */
    float h2[12][4][4], d2[12][4][4], h3[32], d3[32], out[16], d4[16];
    float ringed[12][6][6];                   /* errors of h2 in borders of 0 */
} __attribute__((aligned(64))) Net;

/* tanh x = x P(x^2) / Q(x^2) for |x| < 7.9, the same minimax fit as in c_narrow.c */
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

INLINE float sum(V v) {
    __m128 half = _mm256_castps256_ps128(v) + _mm256_extractf128_ps(v, 1);
    half += _mm_movehl_ps(half, half);
    return half[0] + half[1];
}

INLINE void activate(float *at, int count) {
    for (int k = 0; k < count; k += 8) ST(at + k, tanh8(LD(at + k)));
}

/* w -= step * d for biases, one for each unit */
INLINE void move(float *w, const float *d, int count, V minus) {
    for (int k = 0; k < count; k += 8) ST(w + k, FMA(minus, LD(d + k), LD(w + k)));
}

INLINE void forward1(Net *n, const float *x) {
    for (int y = 0; y < 16; y++) {
        ST(&n->pad[y + 2][2], LD(x + 16 * y));
        ST(&n->pad[y + 2][10], LD(x + 16 * y + 8));
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j += 4) {
            V acc[4][2];
            UNROLL(8)
            for (int k = 0; k < 8; k++) acc[k / 2][k % 2] = LD(n->b1[i][j + k / 2] + k % 2 * 8);
            for (int u = 0; u < 5; u++) {
                UNROLL(5)
                for (int v = 0; v < 5; v++) {
                    V w0 = LD(n->w1[5 * u + v]), w1 = LD(n->w1[5 * u + v] + 8);
                    UNROLL(4)
                    for (int k = 0; k < 4; k++) {
                        V in = ALL(n->pad[2 * i + u][2 * (j + k) + v]);
                        acc[k][0] = FMA(in, w0, acc[k][0]);
                        acc[k][1] = FMA(in, w1, acc[k][1]);
                    }
                }
            }
            UNROLL(8)
            for (int k = 0; k < 8; k++) ST(n->h1[i][j + k / 2] + k % 2 * 8, tanh8(acc[k / 2][k % 2]));
        }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            const float *h = n->h1[i][j];
            ST(n->seen[0][i + 2][j + 2], LD(h));
            ST(n->seen[1][i + 2][j + 2], LD(h + 4));
            ST(n->seen[2][i + 2][j + 2], _mm256_permute2f128_ps(LD(h), LD(h + 8), 0x20));
        }
}

INLINE void forward2(Net *n) {
    for (int g = 0; g < 3; g++)
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j += 2) {
                V acc[2][4];
                UNROLL(8)
                for (int k = 0; k < 8; k++) acc[k / 4][k % 4] = ZERO;
                for (int u = 0; u < 5; u++) {
                    UNROLL(5)
                    for (int v = 0; v < 5; v++) {
                        V x0 = LD(n->seen[g][2 * i + u][2 * j + v]);
                        V x1 = LD(n->seen[g][2 * i + u][2 * j + 2 + v]);
                        UNROLL(4)
                        for (int q = 0; q < 4; q++) {
                            V w = LD(n->w2[g][q][5 * u + v]);
                            acc[0][q] = FMA(x0, w, acc[0][q]);
                            acc[1][q] = FMA(x1, w, acc[1][q]);
                        }
                    }
                }
                UNROLL(8)
                for (int k = 0; k < 8; k++) {
                    int m = 4 * g + k % 4, at = 4 * i + j + k / 4;
                    (&n->h2[m][0][0])[at] = sum(acc[k / 4][k % 4]) + n->b2[m][at];
                }
            }
    activate(&n->h2[0][0][0], 192);
}

INLINE void forward34(Net *n) {
    const float *h2 = &n->h2[0][0][0];
    for (int r = 0; r < 30; r += 6) {
        V acc[6];
        UNROLL(6)
        for (int k = 0; k < 6; k++) acc[k] = ZERO;
        for (int c = 0; c < 192; c += 8) {
            V x = LD(h2 + c);
            UNROLL(6)
            for (int k = 0; k < 6; k++) acc[k] = FMA(x, LD(&n->w3[r + k][c]), acc[k]);
        }
        UNROLL(6)
        for (int k = 0; k < 6; k++) n->h3[r + k] = sum(acc[k]) + n->b3[r + k];
    }
    activate(n->h3, 32); /* beyond the thirty: tanh 0 */
    for (int r = 0; r < 10; r++) {
        V acc = ZERO;
        UNROLL(4)
        for (int c = 0; c < 32; c += 8) acc = FMA(LD(n->h3 + c), LD(&n->w4[r][c]), acc);
        n->out[r] = sum(acc) + n->b4[r];
    }
    activate(n->out, 16);
}

/* errors and weights of the two full layers, down to the errors of h2 */
INLINE void backward34(Net *n, const float *want, float step) {
    const V minus = ALL(-step);
    for (int r = 0; r < 10; r++)
        n->d4[r] = 0.2f * (n->out[r] - want[r]) * (1 - n->out[r] * n->out[r]);
    for (int c = 0; c < 32; c += 8) {
        V h = LD(n->h3 + c), acc = ZERO;
        UNROLL(10)
        for (int r = 0; r < 10; r++) {
            V d = ALL(n->d4[r]), w = LD(&n->w4[r][c]);
            acc = FMA(d, w, acc);
            ST(&n->w4[r][c], FMA(minus * d, h, w));
        }
        ST(n->d3 + c, slope(acc, h));
    }
    for (int c = 0; c < 192; c += 32) {
        float *h2 = &n->h2[0][0][0] + c, *d2 = &n->d2[0][0][0] + c;
        V h[4], acc[4];
        UNROLL(4)
        for (int k = 0; k < 4; k++) {
            h[k] = LD(h2 + 8 * k);
            acc[k] = ZERO;
        }
        UNROLL(2)
        for (int r = 0; r < 30; r++) {
            V d = ALL(n->d3[r]), scaled = minus * d;
            UNROLL(4)
            for (int k = 0; k < 4; k++) {
                float *at = &n->w3[r][c + 8 * k];
                V w = LD(at);
                acc[k] = FMA(d, w, acc[k]);
                ST(at, FMA(scaled, h[k], w));
            }
        }
        UNROLL(4)
        for (int k = 0; k < 4; k++) ST(d2 + 8 * k, slope(acc[k], h[k]));
    }
    move(n->b4, n->d4, 16, minus);
    move(n->b3, n->d3, 32, minus);
    move(&n->b2[0][0], &n->d2[0][0][0], 192, minus);
}

/* errors of h1: position (2 i + p, 2 j + q) collects those taps of h2 whose parity is (p, q) */
INLINE void backward1(Net *n, float step) {
    const V minus = ALL(-step);
    for (int m = 0; m < 12; m++)
        for (int i = 0; i < 4; i++) memcpy(&n->ringed[m][i + 1][1], n->d2[m][i], 4 * sizeof(float));
    for (int g = 0; g < 3; g++) {
        UNROLL(4)
        for (int parity = 0; parity < 4; parity++) {
            const int p = parity / 2, q = parity % 2;
            for (int i = 0; i < 4; i++) {
                V acc[4] = {ZERO, ZERO, ZERO, ZERO};
                for (int m = 0; m < 4; m++) {
                    UNROLL(3)
                    for (int u = p; u < 5; u += 2) {
                        UNROLL(3)
                        for (int v = q; v < 5; v += 2) {
                            V w = LD(n->w2[g][m][5 * u + v]);
                            const float *d = &n->ringed[4 * g + m][i + 2 - u / 2][2 - v / 2];
                            UNROLL(4)
                            for (int k = 0; k < 4; k++) acc[k] = FMA(ALL(d[k]), w, acc[k]);
                        }
                    }
                }
                UNROLL(4)
                for (int k = 0; k < 4; k++) ST(n->sent[g][2 * i + p][2 * k + q], acc[k]);
            }
        }
    }
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            V a = LD(n->sent[0][i][j]), b = LD(n->sent[1][i][j]), c = LD(n->sent[2][i][j]);
            /* quartets 0 1, 1 2 and 0 2 to 0 1 and 2 -: 0x8 makes a half 0 */
            V low = a + (_mm256_permute2f128_ps(b, b, 0x08) + _mm256_blend_ps(c, ZERO, 0xf0));
            V high = _mm256_permute2f128_ps(b, b, 0x81) + _mm256_permute2f128_ps(c, c, 0x81);
            float *at = n->d1[i][j];
            const float *h = n->h1[i][j];
            ST(at, slope(low, LD(h)));
            ST(at + 8, slope(high, LD(h + 8)));
            move(n->b1[i][j], at, 16, minus);
        }
}

INLINE void weights2(Net *n, float step) {
    const V minus = ALL(-step);
    for (int g = 0; g < 3; g++)
        for (int m = 0; m < 4; m += 2)
            for (int u = 0; u < 5; u++) {
                V acc[5][2];
                UNROLL(10)
                for (int k = 0; k < 10; k++) acc[k / 2][k % 2] = ZERO;
                for (int i = 0; i < 4; i++) {
                    UNROLL(4)
                    for (int j = 0; j < 4; j++) {
                        V d0 = ALL(n->d2[4 * g + m][i][j]), d1 = ALL(n->d2[4 * g + m + 1][i][j]);
                        UNROLL(5)
                        for (int v = 0; v < 5; v++) {
                            V x = LD(n->seen[g][2 * i + u][2 * j + v]);
                            acc[v][0] = FMA(d0, x, acc[v][0]);
                            acc[v][1] = FMA(d1, x, acc[v][1]);
                        }
                    }
                }
                UNROLL(10)
                for (int k = 0; k < 10; k++) {
                    float *w = n->w2[g][m + k % 2][5 * u + k / 2];
                    ST(w, FMA(minus, acc[k / 2][k % 2], LD(w)));
                }
            }
}

INLINE void weights1(Net *n, float step) {
    const V minus = ALL(-step);
    for (int u = 0; u < 5; u++) {
        V acc[5][2];
        UNROLL(10)
        for (int k = 0; k < 10; k++) acc[k / 2][k % 2] = ZERO;
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++) {
                V d0 = LD(n->d1[i][j]), d1 = LD(n->d1[i][j] + 8);
                UNROLL(5)
                for (int v = 0; v < 5; v++) {
                    V x = ALL(n->pad[2 * i + u][2 * j + v]);
                    acc[v][0] = FMA(x, d0, acc[v][0]);
                    acc[v][1] = FMA(x, d1, acc[v][1]);
                }
            }
        UNROLL(10)
        for (int k = 0; k < 10; k++) {
            float *w = n->w1[5 * u + k / 2] + k % 2 * 8;
            ST(w, FMA(minus, acc[k / 2][k % 2], LD(w)));
        }
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
        for (int t = 0; t < TAPS; t++) COPY(n->w1[t][m]);
    for (int m = 0; m < 12; m++)
        for (int k = 0; k < 64; k++) COPY(n->b1[k / 8][k % 8][m]);
    for (int m = 0; m < 12; m++)
        for (int s = 0; s < 8; s++)
            for (int t = 0; t < TAPS; t++) COPY(n->w2[m / 4][m % 4][t][s]);
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
    fill(n->seen, sizeof n->seen);
    exchange(n, flat, 0);
    for (long e = 0; e < count; e++) {
        forward1(n, inputs + 256 * e);
        forward2(n);
        forward34(n);
        backward34(n, targets + 10 * e, step);
        backward1(n, step);
        weights2(n, step);
        weights1(n, step);
    }
    exchange(n, flat, 1);
}
