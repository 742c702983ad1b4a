#include "bytes.h"

/* The polynomial x^16 + x^12 + x^5 + 1 has so few terms that a whole byte folds in with four
 * shifts: as quick as a table on an AVR, without the table. */
uint16_t tiny_crc16(uint16_t crc, const uint8_t *data, size_t n) {
    for (size_t i = 0; i < n; i++) {
        crc = (uint16_t)((crc >> 8) | (uint16_t)(crc << 8));
        crc = (uint16_t)(crc ^ data[i]);
        crc = (uint16_t)(crc ^ ((crc & 0xFFu) >> 4));
        crc = (uint16_t)(crc ^ (uint16_t)(crc << 12));
        crc = (uint16_t)(crc ^ (uint16_t)((crc & 0xFFu) << 5));
    }
    return crc;
}
