/* The most multiply-adds a core can do: independent chains in registers, no memory.
 * Twelve chains cover four cycles of latency on two or three ports; more would not fit. */
#include <immintrin.h>

#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n) PRAGMA(GCC unroll n)
enum { CHAINS = 12 };

/* 12 * 8 multiply-adds a round; the result only keeps the compiler from removing them */
float peak8(long rounds) {
    __m256 acc[CHAINS], x = _mm256_set1_ps(0.999f), y = _mm256_set1_ps(0.001f);
    UNROLL(12)
    for (int k = 0; k < CHAINS; k++) acc[k] = _mm256_set1_ps(k);
    for (long r = 0; r < rounds; r++) {
        UNROLL(12)
        for (int k = 0; k < CHAINS; k++) acc[k] = _mm256_fmadd_ps(acc[k], x, y);
    }
    UNROLL(12)
    for (int k = 1; k < CHAINS; k++) acc[0] = _mm256_add_ps(acc[0], acc[k]);
    return _mm256_cvtss_f32(acc[0]);
}

#ifdef __AVX512F__
float peak16(long rounds) {
    __m512 acc[CHAINS], x = _mm512_set1_ps(0.999f), y = _mm512_set1_ps(0.001f);
    UNROLL(12)
    for (int k = 0; k < CHAINS; k++) acc[k] = _mm512_set1_ps(k);
    for (long r = 0; r < rounds; r++) {
        UNROLL(12)
        for (int k = 0; k < CHAINS; k++) acc[k] = _mm512_fmadd_ps(acc[k], x, y);
    }
    UNROLL(12)
    for (int k = 1; k < CHAINS; k++) acc[0] = _mm512_add_ps(acc[0], acc[k]);
    return _mm512_cvtss_f32(acc[0]);
}
#endif
