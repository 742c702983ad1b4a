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
 * consecutive words: for each chunk a byte with four times its length (1..12), for the wide tile
 * another with the bytes to the next chunk, then the tile's weights for each word; a byte 0 ends
 * the run. For each output channel there are five numbers: its bias; its multiplier; what is added
 * before the shift (halves, and the output's zero point shifted up); the right shift, 2..31, with
 * 256 times the channel's number, for the wide tile takes them in an order in which the chunks are
 * longest; and what the totals begin with, the bias in both halves less 2^15 for each chunk. */
#ifndef TINY_NN_SCALAR_TILE_H
#define TINY_NN_SCALAR_TILE_H

#include "../fixed.h"
#include "rv32.h"

#define TINY_CHANNEL_WORDS 5

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

/* The high word of a·b, b >= 0. */
static inline int32_t tiny_high(int32_t a, int32_t b) {
#if defined(__ARM_ARCH_6M__)
    /* Its multiplications give 32 bits; the library's of 64 would cost three times as much. */
    const int32_t low = (int32_t)(((uint32_t)(a & 0xffff) * (uint32_t)(b & 0xffff)) >> 16);
    const int32_t left = (a >> 16) * (b & 0xffff) + low;
    const int32_t right = (a & 0xffff) * (b >> 16) + (left & 0xffff);
    return (a >> 16) * (b >> 16) + (left >> 16) + (right >> 16);
#else
    return (int32_t)(((int64_t)a * b) >> 32);
#endif
}

/* A sum's byte: TFLite's two roundings, as tiny_requantize has them for shifts −31..−1. In halves
 * of what the first of them rounds to, sum·mult / 2^30, that first half is one, and it and the
 * second rounding's half are added at once; |sum| < 2^29. */
TINY_INNER int8_t tiny_scalar_output(int32_t sum, int32_t mult, int32_t added, int32_t down,
                                     bool twice, int32_t low, int32_t high) {
    int32_t x = tiny_high(sum * 4, mult);
    if (twice) {
        x += 2 * (x >> 31); /* half away from zero */
    }
    return (int8_t)tiny_clamp((x + added) >> down, low, high);
}

/* The bytes of a channel's pair, from its sums; the upper one first, for the place of a pixel that
 * does not exist is that of the first, where what is written last stays. */
TINY_INNER void tiny_tile_outputs(uint32_t total, int32_t upper, const int32_t *channel,
                                  const tiny_tiles_t *layer, int8_t *out, const int32_t *offsets) {
    const int32_t lower = (int32_t)(total - ((uint32_t)upper << 16));
    const int32_t mult = channel[1];
    const int32_t added = channel[2];
    const int32_t down = channel[3] & 31;
    const int32_t low = layer->low;
    const int32_t high = layer->high;
    if (layer->twice != 0) {
        out[offsets[1]] = tiny_scalar_output(upper, mult, added, down, true, low, high);
        out[offsets[0]] = tiny_scalar_output(lower, mult, added, down, true, low, high);
    } else {
        out[offsets[1]] = tiny_scalar_output(upper, mult, added, down, false, low, high);
        out[offsets[0]] = tiny_scalar_output(lower, mult, added, down, false, low, high);
    }
}

/* Word i of a chunk of one channel and two pairs, counted from 1: the last comes first, so that all
 * lie a small way above the chunk's start. */
#define TINY_NARROW_WORD(i)                                                                        \
    chunk0 += (uint32_t)(int32_t)weights[(i)-1] * x0[(i)-1];                                       \
    chunk1 += (uint32_t)(int32_t)weights[(i)-1] * x1[(i)-1]

#if defined(__GNUC__)
/* Not known to be the same constant in each case of a switch, so loaded once before it. */
#define TINY_KEEP(x)      __asm__("" : "+r"(x))
#define TINY_NEVER        __builtin_unreachable()
#define TINY_FALL_THROUGH __attribute__((fallthrough))
#else
#define TINY_KEEP(x)      ((void)0)
#define TINY_NEVER        break
#define TINY_FALL_THROUGH ((void)0)
#endif

#define TINY_NARROW_CASE(i)                                                                        \
    case (i):                                                                                      \
        TINY_NARROW_WORD(i);                                                                       \
        TINY_FALL_THROUGH

/* One channel by two pairs. places: for each run the pairs' first words, up to places_end. The
 * output of pixel i, channel c, goes to out[offsets[i] + c]; offsets[i] = offsets[0] for a pixel
 * that does not exist. */
static __attribute__((noinline, unused)) void
tiny_tiles_narrow(const int32_t *const *places, const int32_t *const *places_end,
                  const tiny_tiles_t *layer, int8_t *out, const int32_t *offsets) {
    const int8_t *weights = layer->weights;
    const int32_t *channel = layer->channels;
    do {
        uint32_t total0 = (uint32_t)channel[4];
        uint32_t total1 = total0;
        int32_t high0 = channel[0];
        int32_t high1 = high0;
        const int32_t *const *place = places;
        do {
            const uint32_t *x0 = (const uint32_t *)place[0];
            const uint32_t *x1 = (const uint32_t *)place[1];
            place += TINY_NARROW_PAIRS;
            for (uint32_t n = (uint8_t)*weights++; n != 0; n = (uint8_t)*weights++) {
                uint32_t chunk0 = (uint32_t)1 << 15;
                uint32_t chunk1 = chunk0;
                TINY_KEEP(chunk0);
                TINY_KEEP(chunk1);
                switch (n / 4) {
                    TINY_NARROW_CASE(12);
                    TINY_NARROW_CASE(11);
                    TINY_NARROW_CASE(10);
                    TINY_NARROW_CASE(9);
                    TINY_NARROW_CASE(8);
                    TINY_NARROW_CASE(7);
                    TINY_NARROW_CASE(6);
                    TINY_NARROW_CASE(5);
                    TINY_NARROW_CASE(4);
                    TINY_NARROW_CASE(3);
                    TINY_NARROW_CASE(2);
                case 1:
                    TINY_NARROW_WORD(1);
                    break;
                default:
                    TINY_NEVER;
                }
                weights += n / 4;
                x0 += n / 4;
                x1 += n / 4;
                total0 += chunk0;
                total1 += chunk1;
                high0 += (int32_t)chunk0 >> 16;
                high1 += (int32_t)chunk1 >> 16;
            }
        } while (place != places_end);
        tiny_tile_outputs(total1, high1, channel, layer, out, offsets + 2);
        tiny_tile_outputs(total0, high0, channel, layer, out, offsets);
        channel += TINY_CHANNEL_WORDS;
        out++;
    } while (channel != layer->channels_end);
}

#if defined(__riscv_mul) && defined(__riscv_compressed) && __riscv_xlen == 32 &&                   \
    !defined(__riscv_32e) && defined(__GNUC__)
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
            total[i] = (uint32_t)channel[i / 3 * TINY_CHANNEL_WORDS + 4];
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
                weights++;
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
        for (int8_t i = 5; i >= 0; i--) {
            const int32_t *const one = channel + i / 3 * TINY_CHANNEL_WORDS;
            tiny_tile_outputs(total[i], high[i], one, layer, out + (one[3] >> 8),
                              offsets + i % 3 * 2);
        }
        channel += TINY_WIDE_CHANNELS * TINY_CHANNEL_WORDS;
    } while (channel != layer->channels_end);
}

/* The same where the third pair does not exist. */
static inline void tiny_tiles_wide_two(const int32_t *const *places,
                                       const int32_t *const *places_end, const tiny_tiles_t *layer,
                                       int8_t *out, const int32_t *offsets) {
    tiny_tiles_wide(places, places_end, layer, out, offsets);
}

#endif

#endif
