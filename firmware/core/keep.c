#include "keep.h"
#include "bytes.h"

/* turn u16, block, CRC u16 */
static uint16_t place(const tiny_keep_t *k, uint16_t turn) {
    return (uint16_t)(k->at + (turn & 1u) * (k->size + 4u));
}

static uint16_t sum(const tiny_keep_t *k, const uint8_t *turn, const void *data) {
    uint8_t signature[4];
    tiny_put32(signature, k->signature);
    uint16_t crc = tiny_crc16(TINY_CRC16_INIT, signature, 4);
    crc = tiny_crc16(crc, turn, 2);
    return tiny_crc16(crc, (const uint8_t *)data, k->size);
}

static bool load(const tiny_keep_t *k, const tiny_memory_t *memory, uint16_t which, void *data,
                 uint16_t *turn) {
    const uint16_t at = place(k, which);
    uint8_t head[2];
    uint8_t tail[2];
    if (memory->read(at, head, 2) < 0 || memory->read((uint16_t)(at + 2u), data, k->size) < 0 ||
        memory->read((uint16_t)(at + 2u + k->size), tail, 2) < 0) {
        return false;
    }
    *turn = tiny_get16(head);
    return (*turn & 1u) == which && tiny_get16(tail) == sum(k, head, data);
}

tiny_status_t tiny_keep_load(tiny_keep_t *k, const tiny_memory_t *memory, void *data) {
    uint16_t first = 0;
    uint16_t second = 0;
    k->turn = 0;
    const bool one = load(k, memory, 0, data, &first);
    const bool two = load(k, memory, 1, data, &second);
    /* The newer, though the turns may have wrapped. */
    const bool newer = two && (!one || (uint16_t)(second - first) < 0x8000u);
    if (!one && !two) {
        return TINY_E_MISSING;
    }
    k->turn = newer ? second : first;
    return newer || load(k, memory, 0, data, &first) ? TINY_OK : TINY_E_IO;
}

tiny_status_t tiny_keep_store(tiny_keep_t *k, const tiny_memory_t *memory, const void *data) {
    uint8_t head[2];
    uint8_t tail[2];
    const uint16_t turn = (uint16_t)(k->turn + 1u);
    const uint16_t at = place(k, turn);
    tiny_put16(head, turn);
    tiny_put16(tail, sum(k, head, data));
    if (memory->write(at, head, 2) < 0 || memory->write((uint16_t)(at + 2u), data, k->size) < 0 ||
        memory->write((uint16_t)(at + 2u + k->size), tail, 2) < 0) {
        return TINY_E_IO;
    }
    k->turn = turn;
    return TINY_OK;
}
