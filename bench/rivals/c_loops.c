/* The zip-code network as a competent programmer writes it: plain loops, natural layouts,
 * everything else left to the compiler. Parameters lie in one flat array, w1 b1 w2 b2 w3 b3
 * w4 b4. */
#include <math.h>
#include <string.h>

static const int TABLE[12][8] = {
    {0, 1, 2, 3, 4, 5, 6, 7},   {0, 1, 2, 3, 4, 5, 6, 7},   {0, 1, 2, 3, 4, 5, 6, 7},
    {0, 1, 2, 3, 4, 5, 6, 7},   {4, 5, 6, 7, 8, 9, 10, 11}, {4, 5, 6, 7, 8, 9, 10, 11},
    {4, 5, 6, 7, 8, 9, 10, 11}, {4, 5, 6, 7, 8, 9, 10, 11}, {0, 1, 2, 3, 8, 9, 10, 11},
    {0, 1, 2, 3, 8, 9, 10, 11}, {0, 1, 2, 3, 8, 9, 10, 11}, {0, 1, 2, 3, 8, 9, 10, 11}};

typedef struct {
    float w1[12][5][5], b1[12][8][8], w2[12][8][5][5], b2[12][4][4];
    float w3[30][192], b3[30], w4[10][30], b4[10];
} Weights;

static float in[19][19], h1[12][11][11], h2[12][4][4], h3[30], out[10]; /* in, h1 with borders */
static float e1[12][11][11], e2[12][4][4], e3[30], e4[10];

static void forward(const Weights *w, const float *x) {
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) in[i + 2][j + 2] = x[16 * i + j];
    for (int m = 0; m < 12; m++)
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++) {
                float s = w->b1[m][i][j];
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++) s += w->w1[m][u][v] * in[2 * i + u][2 * j + v];
                h1[m][i + 2][j + 2] = tanhf(s);
            }
    for (int m = 0; m < 12; m++)
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                float s = w->b2[m][i][j];
                for (int c = 0; c < 8; c++)
                    for (int u = 0; u < 5; u++)
                        for (int v = 0; v < 5; v++)
                            s += w->w2[m][c][u][v] * h1[TABLE[m][c]][2 * i + u][2 * j + v];
                h2[m][i][j] = tanhf(s);
            }
    for (int r = 0; r < 30; r++) {
        float s = w->b3[r];
        for (int k = 0; k < 192; k++) s += w->w3[r][k] * ((float *)h2)[k];
        h3[r] = tanhf(s);
    }
    for (int r = 0; r < 10; r++) {
        float s = w->b4[r];
        for (int k = 0; k < 30; k++) s += w->w4[r][k] * h3[k];
        out[r] = tanhf(s);
    }
}

static void backward(Weights *w, const float *y, float step) {
    for (int r = 0; r < 10; r++) e4[r] = 0.2f * (out[r] - y[r]) * (1 - out[r] * out[r]);
    memset(e3, 0, sizeof e3);
    for (int r = 0; r < 10; r++) {
        for (int k = 0; k < 30; k++) {
            e3[k] += e4[r] * w->w4[r][k];
            w->w4[r][k] -= step * e4[r] * h3[k];
        }
        w->b4[r] -= step * e4[r];
    }
    memset(e2, 0, sizeof e2);
    for (int r = 0; r < 30; r++) {
        e3[r] *= 1 - h3[r] * h3[r];
        for (int k = 0; k < 192; k++) {
            ((float *)e2)[k] += e3[r] * w->w3[r][k];
            w->w3[r][k] -= step * e3[r] * ((float *)h2)[k];
        }
        w->b3[r] -= step * e3[r];
    }
    memset(e1, 0, sizeof e1);
    for (int m = 0; m < 12; m++) {
        float g[8][5][5] = {{{0}}};
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) {
                float e = e2[m][i][j] * (1 - h2[m][i][j] * h2[m][i][j]);
                w->b2[m][i][j] -= step * e;
                for (int c = 0; c < 8; c++)
                    for (int u = 0; u < 5; u++)
                        for (int v = 0; v < 5; v++) {
                            e1[TABLE[m][c]][2 * i + u][2 * j + v] += e * w->w2[m][c][u][v];
                            g[c][u][v] += e * h1[TABLE[m][c]][2 * i + u][2 * j + v];
                        }
            }
        for (int c = 0; c < 8; c++)
            for (int u = 0; u < 5; u++)
                for (int v = 0; v < 5; v++) w->w2[m][c][u][v] -= step * g[c][u][v];
    }
    for (int m = 0; m < 12; m++) {
        float g[5][5] = {{0}};
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++) {
                float h = h1[m][i + 2][j + 2], e = e1[m][i + 2][j + 2] * (1 - h * h);
                w->b1[m][i][j] -= step * e;
                for (int u = 0; u < 5; u++)
                    for (int v = 0; v < 5; v++) g[u][v] += e * in[2 * i + u][2 * j + v];
            }
        for (int u = 0; u < 5; u++)
            for (int v = 0; v < 5; v++) w->w1[m][u][v] -= step * g[u][v];
    }
}

void train(float *flat, const float *inputs, const float *targets, long count, float step) {
    for (int k = 0; k < 19 * 19; k++) ((float *)in)[k] = -1;
    for (int k = 0; k < 12 * 11 * 11; k++) ((float *)h1)[k] = -1;
    for (long e = 0; e < count; e++) {
        forward((Weights *)flat, inputs + 256 * e);
        backward((Weights *)flat, targets + 10 * e, step);
    }
}
