/* Weights that stand coded in flash, for layers whose weights take few different values.
 *
 * Codes are bits, the first highest. A canonical Huffman code (Schwartz and Kallick, 1964) is told
 * by three small tables: `limits`, for each length from one bit on, is above all codes of that
 * length or less, as 15 bits aligned to the left; `offsets` leads from a code of that length to its
 * symbol. With `bits` other than 0 all codes have that one length and are the symbols' places. */
#ifndef TINY_NN_UNPACK_H
#define TINY_NN_UNPACK_H

#include "kernel.h"

typedef struct {
    const uint8_t TINY_ROM *next;
    uint32_t window; /* the bits to come, the first highest */
    uint8_t held;    /* how many of them are in window */
} tiny_bits_t;

/* At least 17 bits ahead. Up to three bytes past the last code's are read: the stream has them. */
static inline void tiny_bits_fill(tiny_bits_t *bits) {
    while (bits->held <= 16) {
        bits->window |= (uint32_t)*bits->next++ << (24 - bits->held);
        bits->held = (uint8_t)(bits->held + 8);
    }
}

static inline void tiny_bits_drop(tiny_bits_t *bits, uint8_t count) {
    bits->window <<= count;
    bits->held = (uint8_t)(bits->held - count);
}

/* The next weight. */
TINY_INNER int8_t tiny_bits_next(tiny_bits_t *bits, const int8_t TINY_ROM *symbols,
                                 const uint16_t TINY_ROM *limits, const int16_t TINY_ROM *offsets,
                                 uint8_t fixed) {
    tiny_bits_fill(bits);
    uint8_t length = fixed;
    int32_t place = 0;
    if (fixed != 0) {
        place = (int32_t)(bits->window >> (32 - fixed));
    } else {
        const uint32_t ahead = bits->window >> 17;
        for (length = 1; ahead >= limits[length - 1]; length++) {
        }
        place = (int32_t)(bits->window >> (32 - length)) + offsets[length - 1];
    }
    tiny_bits_drop(bits, length);
    return symbols[place];
}

/* Unpacks a layer's constants: `groups` times `head` bytes as they are, `body` weights, `tail`
 * bytes as they are. Pairs of weights a, b lie there as a and b - (a < 0) where `carried`, which
 * makes them one number 256·b + a. */
TINY_KERNEL void tiny_unpack(const uint8_t TINY_ROM *codes, const int8_t TINY_ROM *symbols,
                             const uint16_t TINY_ROM *limits, const int16_t TINY_ROM *offsets,
                             const uint8_t TINY_ROM *plain, void *out, uint16_t groups,
                             uint16_t head, uint32_t body, uint16_t tail, uint8_t fixed,
                             bool carried) {
    tiny_bits_t bits = {codes, 0, 0};
    int8_t *to = (int8_t *)out;
    for (; groups > 0; groups--) {
        for (uint16_t i = 0; i < head; i++) {
            *to++ = (int8_t)*plain++;
        }
        for (uint32_t i = 0; i < body; i += carried ? 2 : 1) {
            const int8_t a = tiny_bits_next(&bits, symbols, limits, offsets, fixed);
            *to++ = a;
            if (carried) {
                const int8_t b = tiny_bits_next(&bits, symbols, limits, offsets, fixed);
                *to++ = (int8_t)(b - (a < 0 ? 1 : 0));
            }
        }
        for (uint16_t i = 0; i < tail; i++) {
            *to++ = (int8_t)*plain++;
        }
    }
}

#endif
