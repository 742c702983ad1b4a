/* Decision trees in flash, walked: a stream of bytes per tree, the nearer child right behind its
 * parent.
 *
 *   inner node   head, threshold, skip   head: feature, and the bits `swap` and `wide`
 *   leaf         0x80 | id               or two bytes, 0x80 | id >> 8 and id & 255
 *
 * x <= threshold goes on with the next node, else `skip` bytes beyond this one; with `swap` the
 * other way round, so that the smaller child can come first and skips stay short. A node with
 * `wide` has a threshold of four bytes. All layout parameters are literals. */
#ifndef TINY_NN_TREES_H
#define TINY_NN_TREES_H

#include "kernel.h"

/* Compiled for size even where the rest is for speed: branches upon branches gain nothing from
 * aligned or doubled code. */
#if defined(__GNUC__)
#define TINY_BRANCHES static __attribute__((noinline, cold))
#else
#define TINY_BRANCHES static
#endif

/* Between one tree and the next nothing is kept in registers, or the compiler would weave them
 * together and double code. */
#if defined(__GNUC__)
#define TINY_APART() __asm__ volatile("" ::: "memory")
/* ... but for a sum, of which nothing else may be known. */
#define TINY_KEEP(sum) __asm__ volatile("" : "+r"(sum))
#else
#define TINY_APART()   ((void)0)
#define TINY_KEEP(sum) ((void)0)
#endif

typedef struct {
    uint8_t dtype;      /* of the features: 1 int8, 2 int16, 4 int32, 17 uint8 */
    uint8_t threshold;  /* bytes of a threshold: 1, 2 or 4 */
    uint8_t skip;       /* bytes of a skip: 1 or 2 */
    uint8_t leaf;       /* bytes of a leaf: 1 or 2 */
    uint8_t wide, swap; /* bits of the head; 0: no node has it */
} tiny_tree_layout_t;

/* Is x[feature] beyond the threshold? In 16 bits where they will do. */
TINY_KERNEL bool tiny_tree_beyond(const void *x, uint8_t feature, uint8_t dtype,
                                  const uint8_t TINY_ROM *threshold, uint8_t bytes) {
    int16_t low = (int8_t)threshold[0];
    if (bytes != 1u) {
        low = (int16_t)(threshold[0] | (uint16_t)threshold[1] << 8);
    }
    if (dtype == 4u) {
        int32_t limit = low;
        if (bytes == 4u) {
            const uint16_t high = (uint16_t)(threshold[2] | (uint16_t)threshold[3] << 8);
            limit = (int32_t)((uint32_t)high << 16 | (uint16_t)low);
        }
        return ((const int32_t *)x)[feature] > limit;
    }
    if (dtype == 2u) {
        return ((const int16_t *)x)[feature] > low;
    }
    /* A threshold of uint8 features takes two bytes from 128 on. */
    return (dtype == 1u ? ((const int8_t *)x)[feature] : ((const uint8_t *)x)[feature]) > low;
}

/* The sum of a regression's leaves in its answer's steps: sum / 2^shift, half away from zero. */
TINY_KERNEL int32_t tiny_tree_value(int32_t sum, uint8_t shift) {
    const uint32_t size = sum < 0 ? 0u - (uint32_t)sum : (uint32_t)sum;
    const int32_t value = (int32_t)((size + ((1u << shift) >> 1)) >> shift);
    return sum < 0 ? -value : value;
}

/* The leaf that features x end in. */
TINY_KERNEL uint16_t tiny_tree_walk(const uint8_t TINY_ROM *node, const void *x,
                                    tiny_tree_layout_t layout) {
    const uint8_t mask = (uint8_t)(0x7F & ~(layout.wide | layout.swap));
    for (;;) {
        const uint8_t head = *node++;
        if ((head & 0x80u) != 0u) {
            const uint8_t high = head & 0x7Fu;
            if (layout.leaf == 1u) {
                return high;
            }
            return (uint16_t)((uint16_t)high << 8 | *node);
        }
        const uint8_t bytes = (head & layout.wide) != 0u ? 4u : layout.threshold;
        const bool beyond = tiny_tree_beyond(x, head & mask, layout.dtype, node, bytes);
        node += bytes;
        const bool far = beyond != ((head & layout.swap) != 0u);
        if (far) {
            node += layout.skip == 1u ? node[0] : (uint16_t)(node[0] | (uint16_t)node[1] << 8);
        }
        node += layout.skip;
    }
}

#endif
