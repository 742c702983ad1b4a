/* The checksum of Sensirion's sensors: polynomial 0x31, start 0xFF; of 0xBEEF it is 0x92 (SHT3x-DIS
 * table 20, SPS30 section 6.2). */
#ifndef TINY_CRC8_H
#define TINY_CRC8_H

#include "tiny.h"

static inline uint8_t tiny_crc8(const uint8_t *data, uint8_t n) {
    uint8_t crc = 0xFF;
    for (uint8_t i = 0; i < n; i++) {
        crc = (uint8_t)(crc ^ data[i]);
        for (uint8_t bit = 0; bit < 8; bit++) {
            crc = (uint8_t)((crc & 0x80) != 0 ? (crc << 1) ^ 0x31 : crc << 1);
        }
    }
    return crc;
}

#endif
