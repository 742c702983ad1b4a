/* The end of a classifier without a softmax layer: from integer sums to scores of 0..255.
 *
 * The winner is the first class with the largest sum, exactly. Outputs are score - 128, as a
 * quantized softmax has them, rounded down, the winner's up: so none is as large. */
#ifndef TINY_NN_SCORES_H
#define TINY_NN_SCORES_H

#include <string.h>

#include "kernel.h"

/* 255 * 2^(-i / 16) */
static const uint8_t TINY_ROM tiny_exp2[16] = {255, 244, 234, 224, 214, 205, 197, 188,
                                               180, 173, 165, 158, 152, 145, 139, 133};

/* 255 needs no more: nothing is left for another. */
TINY_KERNEL void tiny_scores_winner(int8_t *out, uint8_t best) {
    out[best] = (int8_t)(out[best] + (out[best] != 127 ? 1 : 0));
}

/* One class has everything. */
TINY_KERNEL void tiny_scores_one(int8_t *out, uint8_t classes, uint8_t which, int8_t high) {
    memset(out, -128, classes);
    out[which] = high;
}

/* The scores of one row of a table. */
TINY_KERNEL void tiny_scores_row(const int8_t TINY_ROM *row, uint8_t classes, int8_t *out) {
    for (uint8_t c = 0; c < classes; c++) {
        out[c] = row[c];
    }
}

/* Votes: score = votes * mult >> shift, at most 255. */
TINY_KERNEL void tiny_scores_votes32(const uint32_t *votes, uint8_t classes, uint32_t mult,
                                     uint8_t shift, int8_t *out) {
    uint32_t most = votes[0];
    uint8_t best = 0;
    for (uint8_t c = 0; c < classes; c++) {
        const uint32_t v = votes[c];
        if (v > most) {
            most = v;
            best = c;
        }
        out[c] = (int8_t)((uint8_t)((v * mult) >> shift) ^ 0x80u);
    }
    tiny_scores_winner(out, best);
}

/* The same of sums that fit 16 bits. */
TINY_KERNEL void tiny_scores_votes16(const uint16_t *votes, uint8_t classes, uint32_t mult,
                                     uint8_t shift, int8_t *out) {
    uint16_t most = votes[0];
    uint8_t best = 0;
    for (uint8_t c = 0; c < classes; c++) {
        const uint16_t v = votes[c];
        if (v > most) {
            most = v;
            best = c;
        }
        const uint8_t score = (uint8_t)(mult == 1u ? (uint16_t)(v >> shift) : (v * mult) >> shift);
        out[c] = (int8_t)(score ^ 0x80u);
    }
    tiny_scores_winner(out, best);
}

/* Two sums of 16 bits in a word: scores of four classes at once, if a shift of at most 8 brings
 * them to 255. The words hold classes 0 and 2, and 1 and 3, the lower in the lower half. */
TINY_KERNEL void tiny_scores_four(uint32_t even, uint32_t odd, uint8_t shift, int8_t *out) {
    const uint32_t low = (even >> shift) & 0x00FF00FFu;
    const uint32_t four = (low | ((odd << (8u - shift)) & 0xFF00FF00u)) ^ 0x80808080u;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(out, &four, sizeof four);
#else
    for (uint8_t c = 0; c < 4u; c++) {
        out[c] = (int8_t)(uint8_t)(four >> (8u * c));
    }
#endif
}

/* The score of one class. */
TINY_KERNEL int8_t tiny_scores_each(uint16_t votes, uint8_t shift) {
    return (int8_t)((uint8_t)(votes >> shift) ^ 0x80u);
}

/* Scores from distances to the winner in sixteenths of an octave, held in `out`, of at most 255. */
TINY_KERNEL void tiny_scores_sizes(uint8_t best, uint8_t classes, int8_t *out) {
    uint16_t whole = 0;
    for (uint8_t c = 0; c < classes; c++) {
        const uint8_t steps = (uint8_t)out[c];
        const uint8_t size = (uint8_t)(tiny_exp2[steps & 15u] >> (steps >> 4));
        out[c] = (int8_t)size;
        whole = (uint16_t)(whole + size);
    }
    for (uint8_t c = 0; c < classes; c++) {
        const uint8_t size = (uint8_t)out[c];
        /* Most classes are far behind, and a division is long. */
        uint8_t score = 0;
        if (size != 0u) {
            score = (uint8_t)((uint16_t)(size * 255u) / whole);
        }
        out[c] = (int8_t)(score ^ 0x80u);
    }
    tiny_scores_winner(out, best);
}

/* 16 log2(1 + i / 16) */
static const uint8_t TINY_ROM tiny_log2_16[16] = {0, 1,  3,  4,  5,  6,  7,  8,
                                                  9, 10, 11, 12, 13, 14, 15, 15};

/* The logarithm to the base 2 in sixteenths; 0 of 0. */
TINY_KERNEL uint16_t tiny_scores_log(uint32_t votes) {
    uint8_t whole = 0;
    while (whole < 31u && (votes >> whole) > 1u) {
        whole++;
    }
    const uint32_t top = whole > 4u ? votes >> (whole - 4u) : votes << (4u - whole);
    return (uint16_t)(16u * whole + tiny_log2_16[top & 15u]);
}

/* Votes at a temperature: a class's score falls with the power 1 / temperature of its votes.
 * mult / 2^24 is that power, `limit` as of margins. */
TINY_KERNEL void tiny_scores_tempered(const uint32_t *votes, uint8_t classes, uint32_t limit,
                                      uint32_t mult, int8_t *out) {
    uint8_t best = 0;
    for (uint8_t c = 1; c < classes; c++) {
        best = votes[c] > votes[best] ? c : best;
    }
    const uint16_t top = tiny_scores_log(votes[best]);
    for (uint8_t c = 0; c < classes; c++) {
        uint32_t apart = limit;
        if (votes[c] != 0u) {
            apart = (uint32_t)(top - tiny_scores_log(votes[c]));
        }
        out[c] = (int8_t)(uint8_t)(((apart < limit ? apart : limit) * mult) >> 24);
    }
    tiny_scores_sizes(best, classes, out);
}

/* Margins: a softmax to the base 2; mult / 2^shift counts sixteenths of an octave, and a class
 * `limit` or more below the winner has nothing left. */
TINY_KERNEL void tiny_scores_margins(const int32_t *margin, uint8_t classes, uint32_t limit,
                                     uint32_t mult, uint8_t shift, int8_t *out) {
    uint8_t best = 0;
    for (uint8_t c = 1; c < classes; c++) {
        best = margin[c] > margin[best] ? c : best;
    }
    for (uint8_t c = 0; c < classes; c++) {
        const uint32_t apart = (uint32_t)margin[best] - (uint32_t)margin[c];
        out[c] = (int8_t)(uint8_t)(((apart < limit ? apart : limit) * mult) >> shift);
    }
    tiny_scores_sizes(best, classes, out);
}

#endif
