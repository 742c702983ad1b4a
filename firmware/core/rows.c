#include "rows.h"
#include "bytes.h"

#define ATTEMPTS  8
#define ANSWER_MS 1000u

static tiny_status_t say(const tiny_stream_t *stream, uint8_t *raw, tiny_frame_type_t type,
                         size_t n) {
    return stream->write(raw, tiny_frame_wrap(raw, type, n)) < 0 ? TINY_E_IO : TINY_OK;
}

/* Waits for the row of time t; true when `*row` says how the wait ended, false to ask again. */
static bool await(const tiny_stream_t *stream, tiny_frame_t *f, uint32_t t, int32_t *channels,
                  uint8_t n, uint16_t *battery_mv, void (*heard)(const uint8_t *payload, size_t n),
                  tiny_row_t *row) {
    for (;;) {
        uint8_t type = 0;
        const uint8_t *payload = NULL;
        size_t size = 0;
        const tiny_status_t status =
            tiny_stream_receive(stream, f, ANSWER_MS, &type, &payload, &size);
        if (status == TINY_E_IO) {
            *row = TINY_ROW_LOST;
            return true;
        }
        if (status != TINY_OK) {
            return false;
        }
        if (type == TINY_FRAME_EXIT) {
            *row = TINY_ROW_END;
            return true;
        }
        if (type == TINY_FRAME_DOWNLINK) {
            heard(payload, size);
        }
        if (type == TINY_FRAME_BATTERY && size == 2) {
            *battery_mv = tiny_get16(payload);
        }
        if (type != TINY_FRAME_ROW || size < 4 || tiny_get32(payload) != t) {
            continue; /* an answer to an earlier, repeated request */
        }
        if (size == 4 && n > 0) {
            *row = TINY_ROW_SENSE;
            return true;
        }
        if (size != 4u + 4u * (size_t)n) {
            return false;
        }
        for (uint8_t i = 0; i < n; i++) {
            channels[i] = tiny_get_i32(payload + 4 + 4 * (size_t)i);
        }
        *row = TINY_ROW_VALUES;
        return true;
    }
}

tiny_row_t tiny_virtual_row(const tiny_stream_t *stream, tiny_frame_t *f, uint32_t t,
                            int32_t *channels, uint8_t n, uint16_t *battery_mv,
                            void (*heard)(const uint8_t *payload, size_t n)) {
    tiny_row_t row = TINY_ROW_LOST;
    for (uint8_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        tiny_put32(tiny_frame_begin(f), t);
        if (tiny_stream_send(stream, f, TINY_FRAME_ROW_REQUEST, 4) != TINY_OK) {
            return TINY_ROW_LOST;
        }
        if (await(stream, f, t, channels, n, battery_mv, heard, &row)) {
            return row;
        }
    }
    return TINY_ROW_LOST;
}

tiny_status_t tiny_virtual_act(const tiny_stream_t *stream, uint32_t t, uint8_t actuator, bool on) {
    uint8_t raw[TINY_FRAME_HEAD + 6 + TINY_FRAME_TAIL];
    tiny_put32(raw + TINY_FRAME_HEAD, t);
    raw[TINY_FRAME_HEAD + 4] = actuator;
    raw[TINY_FRAME_HEAD + 5] = on ? 1 : 0;
    return say(stream, raw, TINY_FRAME_ACT, 6);
}

tiny_status_t tiny_virtual_exit(const tiny_stream_t *stream, uint8_t code, uint32_t stack_bytes) {
    uint8_t raw[TINY_FRAME_HEAD + 5 + TINY_FRAME_TAIL];
    raw[TINY_FRAME_HEAD] = code;
    tiny_put32(raw + TINY_FRAME_HEAD + 1, stack_bytes);
    return say(stream, raw, TINY_FRAME_EXIT, 5);
}
