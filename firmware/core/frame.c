#include "frame.h"
#include "bytes.h"

#include <string.h>

void tiny_frame_init(tiny_frame_t *f) {
    memset(f, 0, sizeof *f);
}

uint8_t *tiny_frame_begin(tiny_frame_t *f) {
    f->fill = 0;
    f->used = 0;
    return f->raw + TINY_FRAME_HEAD;
}

size_t tiny_frame_seal(tiny_frame_t *f, tiny_frame_type_t type, size_t n) {
    return tiny_frame_wrap(f->raw, type, n);
}

size_t tiny_frame_wrap(uint8_t *raw, tiny_frame_type_t type, size_t n) {
    if (n > TINY_PAYLOAD_MAX) {
        return 0;
    }
    raw[1] = (uint8_t)type;
    const uint16_t crc = tiny_crc16(TINY_CRC16_INIT, raw + 1, n + 1);
    const size_t end = TINY_FRAME_HEAD + n + 2;
    raw[end - 2] = (uint8_t)(crc >> 8);
    raw[end - 1] = (uint8_t)(crc & 0xFFu);
    raw[end] = 0;
    /* From the back: every zero becomes the distance to the next one. */
    uint8_t distance = 1;
    for (size_t i = end - 1; i >= 1; i--) {
        if (raw[i] == 0) {
            raw[i] = distance;
            distance = 0;
        }
        distance++;
    }
    raw[0] = distance;
    return end + 1;
}

uint8_t *tiny_frame_space(tiny_frame_t *f, size_t *cap) {
    if (f->used > 0) {
        f->fill = (uint8_t)(f->fill - f->used);
        memmove(f->raw, f->raw + f->used, f->fill);
        f->used = 0;
    }
    if (f->fill == TINY_FRAME_MAX) { /* full, and no 0x00 in it: no frame is this long */
        f->skip = true;
        f->fill = 0;
    }
    *cap = TINY_FRAME_MAX - f->fill;
    return f->raw + f->fill;
}

void tiny_frame_filled(tiny_frame_t *f, size_t n) {
    const size_t room = TINY_FRAME_MAX - f->fill;
    f->fill = (uint8_t)(f->fill + (n < room ? n : room));
}

/* Undoes COBS in place: raw[1..end) becomes type, payload, CRC. */
static bool uncobs(uint8_t *raw, size_t end) {
    size_t next = raw[0];
    for (size_t i = 1; i < end; i++) {
        if (i == next) {
            next = i + raw[i];
            raw[i] = 0;
        }
    }
    return next == end;
}

static tiny_status_t open_frame(uint8_t *raw, size_t end) {
    if (end < TINY_FRAME_HEAD + 2 || end >= TINY_FRAME_MAX || !uncobs(raw, end)) {
        return TINY_E_FORMAT;
    }
    const uint16_t crc = tiny_crc16(TINY_CRC16_INIT, raw + 1, end - 3);
    if (raw[1] < TINY_FRAME_ROW_REQUEST || raw[1] > TINY_FRAME_KEPT) {
        return TINY_E_FORMAT;
    }
    const bool same = raw[end - 2] == (uint8_t)(crc >> 8) && raw[end - 1] == (uint8_t)(crc & 0xFFu);
    return same ? TINY_OK : TINY_E_FORMAT;
}

tiny_status_t tiny_frame_next(tiny_frame_t *f, uint8_t *type, const uint8_t **payload, size_t *n) {
    for (;;) {
        uint8_t *raw = f->raw + f->used;
        const size_t left = (size_t)f->fill - f->used;
        const uint8_t *zero = left > 0 ? memchr(raw, 0, left) : NULL;
        if (zero == NULL) {
            if (f->skip) { /* still inside the oversized frame */
                f->used = f->fill;
            }
            return TINY_E_MISSING;
        }
        const size_t end = (size_t)(zero - raw);
        f->used = (uint8_t)(f->used + end + 1);
        if (end == 0 && !f->skip) {
            continue;
        }
        const bool bad = f->skip || open_frame(raw, end) != TINY_OK;
        f->skip = false;
        if (bad) {
            f->errors = (uint16_t)(f->errors + (f->errors < UINT16_MAX ? 1 : 0));
            return TINY_E_FORMAT;
        }
        *type = raw[1];
        *payload = raw + TINY_FRAME_HEAD;
        *n = end - TINY_FRAME_HEAD - 2;
        return TINY_OK;
    }
}
