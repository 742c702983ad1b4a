/* Two multiply-accumulates by one multiplication, on processors without DSP instructions.
 *
 * A word x = x1·2^16 + x0 holds the same input channel of two pixels; Σ w·x then holds both
 * pixels' sums as long as the lower one stays within 16 bits. The compiler knows the weights, so it
 * cuts the sum into chunks with 128·Σ|w| < 2^15, and here each chunk, begun at 2^15 so that its
 * lower half is never negative, is added to two sums: `total`, modulo 2^32, and `high`, the sum of
 * its upper halves. At the end the upper pixel's sum is `high` and the lower's total − high·2^16,
 * both exact.
 *
 * A tile is some output channels by some pairs of pixels. Its weights are a stream, for each run of
 * consecutive words: for each chunk a byte with four times its length (1..12), then the tile's
 * weights for each word; a byte 0 ends the run. For each output channel there are four numbers:
 * its bias; twice its multiplier; what is added before the shift (halves, and the output's zero
 * point shifted up); and the right shift, 2..31, with 256 times the number of its chunks. */
#ifndef TINY_NN_SCALAR_TILE_H
#define TINY_NN_SCALAR_TILE_H

#include "../fixed.h"

#define TINY_CHANNEL_WORDS 4

/* All output channels of a layer. */
typedef struct {
    const int8_t *weights;
    const int32_t *channels; /* [out_c][TINY_CHANNEL_WORDS] */
    const int32_t *channels_end;
    int32_t low;
    int32_t high;
    int32_t twice; /* TINY_ROUND_TWICE; else its form for sums that matter only above zero */
} tiny_tiles_t;

/* The tile of a wide register file, and of a narrow one. */
#define TINY_WIDE_CHANNELS   2
#define TINY_WIDE_PAIRS      3
#define TINY_NARROW_CHANNELS 1
#define TINY_NARROW_PAIRS    2

/* A sum's byte: TFLite's two roundings, as tiny_requantize has them for shifts −31..−1. In halves
 * of what the first of them rounds to, sum·mult / 2^30, that first half is one, and it and the
 * second rounding's half are added at once. */
static inline int8_t tiny_scalar_output(int32_t sum, const int32_t *channel, bool twice,
                                        int32_t low, int32_t high) {
    const uint32_t mult = (uint32_t)channel[1];
#if defined(__riscv_mul) && __riscv_xlen == 32
    int32_t x;
    __asm__("mulhsu %0, %1, %2" : "=r"(x) : "r"(2 * sum), "r"(mult));
#else
    int32_t x = (int32_t)(((int64_t)sum * (int32_t)(mult >> 1)) >> 30);
#endif
    if (twice) {
        x += 2 * (x >> 31); /* half away from zero */
    }
    return (int8_t)tiny_clamp((x + channel[2]) >> (channel[3] & 31), low, high);
}

/* What the totals begin with: the bias in both halves, less what the chunks begin with. */
static inline uint32_t tiny_tile_start(const int32_t *channel) {
    const uint32_t bias = (uint32_t)channel[0];
    return (bias << 16) + bias - (((uint32_t)channel[3] >> 8) << 15);
}

/* The tile's bytes, from its pairs' sums; the last first, for the place of a pixel that does not
 * exist is that of the first, where what is written last stays. */
TINY_INNER void tiny_tile_outputs(const uint32_t *total, const int32_t *high_half, int8_t pairs,
                                  const int32_t *channel, const tiny_tiles_t *layer, int8_t *out,
                                  const int32_t *offsets) {
    for (int8_t i = (int8_t)(pairs - 1); i >= 0; i--) {
        const int32_t upper = high_half[i];
        const int32_t lower = (int32_t)(total[i] - ((uint32_t)upper << 16));
        const bool twice = layer->twice != 0;
        out[offsets[2 * i + 1]] =
            tiny_scalar_output(upper, channel, twice, layer->low, layer->high);
        out[offsets[2 * i]] = tiny_scalar_output(lower, channel, twice, layer->low, layer->high);
    }
}

/* One channel by two pairs. places: for each run the pairs' first words, up to places_end. The
 * output of pixel i, channel c, goes to out[offsets[i] + c]; offsets[i] = offsets[0] for a pixel
 * that does not exist. */
static __attribute__((noinline, unused)) void
tiny_tiles_narrow(const int32_t *const *places, const int32_t *const *places_end,
                  const tiny_tiles_t *layer, int8_t *out, const int32_t *offsets) {
    const int8_t *weights = layer->weights;
    const int32_t *channel = layer->channels;
    do {
        uint32_t total[2];
        int32_t high[2];
        total[0] = total[1] = tiny_tile_start(channel);
        high[0] = high[1] = channel[0];
        const int32_t *const *place = places;
        do {
            const uint32_t *x0 = (const uint32_t *)place[0];
            const uint32_t *x1 = (const uint32_t *)place[1];
            place += TINY_NARROW_PAIRS;
            for (uint8_t n = (uint8_t)*weights++; n != 0; n = (uint8_t)*weights++) {
                uint32_t chunk0 = (uint32_t)1 << 15;
                uint32_t chunk1 = (uint32_t)1 << 15;
                const int8_t *const end = weights + (n >> 2);
                do {
                    const uint32_t weight = (uint32_t)(int32_t)*weights++;
                    chunk0 += weight * *x0++;
                    chunk1 += weight * *x1++;
                } while (weights != end);
                total[0] += chunk0;
                total[1] += chunk1;
                high[0] += (int32_t)chunk0 >> 16;
                high[1] += (int32_t)chunk1 >> 16;
            }
        } while (place != places_end);
        tiny_tile_outputs(total, high, TINY_NARROW_PAIRS, channel, layer, out, offsets);
        channel += TINY_CHANNEL_WORDS;
        out++;
    } while (channel != layer->channels_end);
}

#if defined(__riscv_mul) && defined(__riscv_compressed) && __riscv_xlen == 32 && defined(__GNUC__)
#include "tile_rv32.h"
#else

/* Two channels by three pairs, of an even number of channels; otherwise as the narrow tile. */
static __attribute__((noinline, unused)) void tiny_tiles_wide(const int32_t *const *places,
                                                              const int32_t *const *places_end,
                                                              const tiny_tiles_t *layer,
                                                              int8_t *out, const int32_t *offsets) {
    const int8_t *weights = layer->weights;
    const int32_t *channel = layer->channels;
    do {
        uint32_t total[6];
        int32_t high[6];
        for (int8_t i = 0; i < 6; i++) {
            total[i] = tiny_tile_start(channel + i / 3 * TINY_CHANNEL_WORDS);
            high[i] = channel[i / 3 * TINY_CHANNEL_WORDS];
        }
        const int32_t *const *place = places;
        do {
            uint16_t at = 0;
            for (uint8_t n = (uint8_t)*weights++; n != 0; n = (uint8_t)*weights++) {
                uint32_t chunk[6];
                for (int8_t i = 0; i < 6; i++) {
                    chunk[i] = (uint32_t)1 << 15;
                }
                for (uint8_t k = 0; k < n; k = (uint8_t)(k + 4)) {
                    for (int8_t i = 0; i < 6; i++) {
                        const uint32_t weight = (uint32_t)(int32_t)weights[i / 3];
                        chunk[i] += weight * (uint32_t)place[i % 3][at];
                    }
                    weights += 2;
                    at++;
                }
                for (int8_t i = 0; i < 6; i++) {
                    total[i] += chunk[i];
                    high[i] += (int32_t)chunk[i] >> 16;
                }
            }
            place += TINY_WIDE_PAIRS;
        } while (place != places_end);
        for (int8_t i = 0; i < 2; i++) {
            tiny_tile_outputs(total + 3 * i, high + 3 * i, TINY_WIDE_PAIRS, channel, layer, out,
                              offsets);
            channel += TINY_CHANNEL_WORDS;
            out++;
        }
    } while (channel != layer->channels_end);
}

#endif

#endif
