/* Little-endian integers in byte buffers, and the CRC that guards them. */
#ifndef TINY_BYTES_H
#define TINY_BYTES_H

#include "tiny.h"

static inline void tiny_put16(uint8_t *p, uint16_t v) {
    p[0] = (uint8_t)(v & 0xFFu);
    p[1] = (uint8_t)(v >> 8);
}

static inline void tiny_put32(uint8_t *p, uint32_t v) {
    tiny_put16(p, (uint16_t)(v & 0xFFFFu));
    tiny_put16(p + 2, (uint16_t)(v >> 16));
}

static inline uint16_t tiny_get16(const uint8_t *p) {
    return (uint16_t)(p[0] | (uint16_t)((uint16_t)p[1] << 8));
}

static inline uint32_t tiny_get32(const uint8_t *p) {
    return (uint32_t)tiny_get16(p) | ((uint32_t)tiny_get16(p + 2) << 16);
}

/* Two's complement without relying on an implementation-defined conversion. */
static inline int32_t tiny_get_i32(const uint8_t *p) {
    const uint32_t v = tiny_get32(p);
    return v <= INT32_MAX ? (int32_t)v : (int32_t)(v - 0x80000000u) + INT32_MIN;
}

#define TINY_CRC16_INIT 0xFFFFu

/* CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, not reflected; check value of
 * "123456789" is 0x29B1). Continues from `crc`, so a record may be summed in parts. */
uint16_t tiny_crc16(uint16_t crc, const uint8_t *data, size_t n);

#endif
