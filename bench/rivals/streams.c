/* How fast one core moves weights: what a full layer does to them and nothing else.
 * Forward reads each weight once; backward reads and writes it. Four multiply-adds for 12 bytes
 * moved are so few that from L2 on memory decides. */
#include <immintrin.h>

#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n) PRAGMA(GCC unroll n)
enum { LANES = 8, CHAINS = 8, STEP = LANES * CHAINS };

/* `count` weights, a multiple of 64, `turns` times; the result keeps the sums from being removed */
float stream(float *weights, long count, long turns) {
    __m256 sums[CHAINS], x = _mm256_set1_ps(1e-3f), y = _mm256_set1_ps(1e-9f);
    UNROLL(8)
    for (int k = 0; k < CHAINS; k++) sums[k] = _mm256_setzero_ps();
    for (long turn = 0; turn < turns; turn++) {
        for (long i = 0; i < count; i += STEP) {
            UNROLL(8)
            for (int k = 0; k < CHAINS; k++) {
                __m256 w = _mm256_loadu_ps(weights + i + k * LANES);
                sums[k] = _mm256_fmadd_ps(w, x, sums[k]);
            }
        }
        for (long i = 0; i < count; i += STEP) {
            UNROLL(8)
            for (int k = 0; k < CHAINS; k++) {
                float *at = weights + i + k * LANES;
                _mm256_storeu_ps(at, _mm256_fmadd_ps(x, y, _mm256_loadu_ps(at)));
            }
        }
    }
    UNROLL(8)
    for (int k = 1; k < CHAINS; k++) sums[0] = _mm256_add_ps(sums[0], sums[k]);
    return _mm256_cvtss_f32(sums[0]);
}
