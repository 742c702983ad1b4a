/* 2-D convolution, int8, two multiply-accumulates by one multiplication (see tile.h).
 *
 * Layouts, first, rows, in_ring and pad as in ../conv_2d.h; no dilation, one group. Each input row
 * is packed once into a ring of `strips` rows, whose word (column, c) holds that input and the one
 * stride_w further right: so the words under a row of the window of a pair of neighbouring outputs
 * follow one another. strips >= k_h + stride_h·(output rows that one tile touches − 1). A row of
 * words has 2·stride_w·(⌈out_w/2⌉ − 1) + k_w columns. channels by pairs: the tile. */
#ifndef TINY_NN_SCALAR_CONV_H
#define TINY_NN_SCALAR_CONV_H

#include "pairs.h"

#define TINY_RUNS_MOST 12

/* One input row; row NULL lies outside the image. */
TINY_INNER void tiny_pair_strip(const int8_t *row, int32_t *words, int16_t in_w, int16_t in_c,
                                int16_t columns, int16_t k_w, int16_t stride_w, int16_t pad_left,
                                int8_t pad) {
    const int16_t skipped = (int16_t)(2 * stride_w);
    int16_t x = 0;
    while (x < columns) {
        const int16_t low = (int16_t)(x - pad_left);
        const int16_t high = (int16_t)(low + stride_w);
        int16_t n = 1;
        if (row != NULL && low >= 0 && high < in_w) {
            /* As many columns at once as lie inside. */
            n = (int16_t)(in_w - high);
            n = n < columns - x ? n : (int16_t)(columns - x);
            if (k_w < skipped) {
                const int16_t rest = (int16_t)(k_w - x % skipped);
                n = n < rest ? n : rest;
            }
            tiny_pair_pack(row + (int32_t)low * in_c, row + (int32_t)high * in_c,
                           words + (int32_t)x * in_c, (uint32_t)(n * in_c));
        } else {
            const bool is_low = row != NULL && low >= 0 && low < in_w;
            const bool is_high = row != NULL && high >= 0 && high < in_w;
            for (int16_t c = 0; c < in_c; c++) {
                words[(int32_t)x * in_c + c] =
                    tiny_pair(is_low ? row[(int32_t)low * in_c + c] : pad,
                              is_high ? row[(int32_t)high * in_c + c] : pad);
            }
        }
        x = (int16_t)(x + n);
        if (k_w < skipped && x % skipped >= k_w) {
            x = (int16_t)(x + skipped - x % skipped);
        }
    }
}

TINY_KERNEL void tiny_scalar_conv(const int8_t *in, const int8_t *weights, const int32_t *channels,
                                  int8_t *out, void *words, int16_t first, int16_t rows,
                                  int16_t in_h, int16_t in_ring, int16_t in_w, int16_t in_c,
                                  int16_t out_w, int16_t out_c, int16_t k_h, int16_t k_w,
                                  int16_t stride_h, int16_t stride_w, int16_t pad_top,
                                  int16_t pad_left, int8_t pad, int16_t strips, int8_t pairs,
                                  tiny_rounding_t rounding, int8_t low, int8_t high) {
    const tiny_tiles_t layer = {weights, channels, channels + (int32_t)out_c * TINY_CHANNEL_WORDS,
                                low,     high,     rounding == TINY_ROUND_TWICE ? 1 : 0};
    const int16_t row_pairs = (int16_t)((out_w + 1) / 2);
    const int16_t columns = (int16_t)(2 * stride_w * (row_pairs - 1) + k_w);
    const int32_t row_words = (int32_t)columns * in_c;
    const int32_t pair_words = (int32_t)(2 * stride_w) * in_c;
    const int32_t *places[TINY_RUNS_MOST * TINY_PAIRS_MOST];
    const int32_t *seen[TINY_RUNS_MOST]; /* the rows under the next pair */
    int32_t offsets[2 * TINY_PAIRS_MOST];
    int16_t y = first;
    int16_t x = 0;                              /* the next pair: row y, pair x of it */
    int16_t next = (int16_t)(first * stride_h); /* the next input row, counted from −pad_top */
    for (bool more = true; more;) {
        int32_t offset = 0;
        int8_t exist = 0;
        for (int8_t i = 0; i < pairs; i++) {
            offsets[2 * i] = offset;
            offsets[2 * i + 1] = 0;
            if (!more) {
                offsets[2 * i] = 0;
                for (int16_t ky = 0; ky < k_h; ky++) {
                    places[ky * pairs + i] = places[ky * pairs]; /* not kept */
                }
                continue;
            }
            for (int16_t ky = 0; ky < k_h; ky++) {
                if (x == 0) {
                    const int16_t padded = (int16_t)(y * stride_h + ky);
                    int32_t *const strip = (int32_t *)words + padded % strips * row_words;
                    if (padded >= next) {
                        const int16_t row = (int16_t)(padded - pad_top);
                        const bool inside = row >= 0 && row < in_h;
                        const int32_t held = inside ? tiny_ring(row, in_ring, in_h) : 0;
                        tiny_pair_strip(inside ? in + held * in_w * in_c : NULL, strip, in_w, in_c,
                                        columns, k_w, stride_w, pad_left, pad);
                        next = (int16_t)(padded + 1);
                    }
                    seen[ky] = strip;
                }
                places[ky * pairs + i] = seen[ky];
                seen[ky] += pair_words;
            }
            exist++;
            offset += out_c;
            if (2 * x + 1 < out_w) {
                offsets[2 * i + 1] = offset;
                offset += out_c;
            }
            x++;
            if (x == row_pairs) {
                x = 0;
                y++;
                more = y < first + rows;
            }
        }
        tiny_tiles(places, k_h, pairs, exist, &layer, out, offsets);
        out += offset;
    }
}

#endif
