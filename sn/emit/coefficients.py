"""Coefficients: the polynomials by which functions of one number are computed in float32."""

# Minimax rational x P(x^2) / Q(x^2); clamped where float32 tanh is 1 to the last bit.
# Source: coefficients of the widely used 13/6 approximation (Eigen, ptanh).
TANH_LIMIT = 7.90531110763549805
TANH_P = (
    -2.76076847742355e-16,
    2.00018790482477e-13,
    -8.60467152213735e-11,
    5.12229709037114e-08,
    1.48572235717979e-05,
    6.37261928875436e-04,
    4.89352455891786e-03,
)
TANH_Q = (
    1.19825839466702e-06,
    1.18534705686654e-04,
    2.26843463243900e-03,
    4.89352518554385e-03,
)
# Source: Cephes (Moshier), expf, logf, sinf, cosf: coefficients and range reduction.
EXP_P = (
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)
EXP_LOW = -87.33654  # the logarithm of the least normal float32
LOG_P = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
# e^(z^2) erfc(z) in powers of 1 / (1 + 0.3 z), z from 0 to 10.5; relative error 2e-8.
# Source: fitted here, by least squares weighted until the error was level.
ERFCX_STEP = 0.3
ERFCX_P = (
    -0.12762735784053802,
    0.47504350543022156,
    -0.4869188070297241,
    0.512920081615448,
    -0.06473691761493683,
    0.19824674725532532,
    0.15436360239982605,
    0.1693575531244278,
    0.16936108469963074,
    -9.504898116574623e-06,
)
RECIPROCAL = 0x7EF311C3  # within 12 % of 1 / x; chosen by trial, as is known of such constants
SIN_P = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COS_P = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
