#include "rows.h"
#include "bytes.h"

#include <string.h>

#define ATTEMPTS  8
#define ANSWER_MS 1000u

static tiny_status_t say(const tiny_stream_t *stream, uint8_t *raw, tiny_frame_type_t type,
                         size_t n) {
    return stream->write(raw, tiny_frame_wrap(raw, type, n)) < 0 ? TINY_E_IO : TINY_OK;
}

/* An AVR takes in a downlink, or what it kept, more slowly than its line brings the next: its host
 * gives one, and waits to be asked again. */
#ifdef __AVR__
#define ONE_BY_ONE 1
#else
#define ONE_BY_ONE 0
#endif

typedef enum { ENDED, HEARD, LOST } wait_t;

/* Waits for an answer of `type` that begins with the `n` bytes of the question, and says what else
 * is in it. ENDED: `*row` says how; HEARD and LOST: to be asked again, for there was a downlink, or
 * what came was broken. */
static wait_t await(const tiny_host_t *host, uint8_t type, const uint8_t *question, size_t n,
                    const uint8_t **rest, size_t *size, tiny_row_t *row) {
    for (;;) {
        uint8_t came = 0;
        const uint8_t *payload = NULL;
        const tiny_status_t status =
            tiny_stream_receive(host->stream, host->frame, ANSWER_MS, &came, &payload, size);
        if (status == TINY_E_IO) {
            *row = TINY_ROW_LOST;
            return ENDED;
        }
        if (status != TINY_OK) {
            return LOST;
        }
        if (came == TINY_FRAME_EXIT) {
            *row = TINY_ROW_END;
            return ENDED;
        }
        if (came == TINY_FRAME_DOWNLINK) {
            host->heard(payload, *size);
        }
        if (came == TINY_FRAME_KEPT && host->recall != NULL) {
            host->recall(payload, *size);
        }
        if (ONE_BY_ONE && (came == TINY_FRAME_DOWNLINK || came == TINY_FRAME_KEPT)) {
            return HEARD;
        }
        if (came == TINY_FRAME_BATTERY && *size == 2) {
            *host->battery_mv = tiny_get16(payload);
        }
        if (came == type && *size >= n && memcmp(payload, question, n) == 0) {
            *rest = payload + n;
            *size -= n;
            *row = TINY_ROW_VALUES;
            return ENDED;
        } /* else an answer to an earlier, repeated question */
    }
}

/* A question, which leaves alone what has come and is not read yet. */
static bool put(const tiny_host_t *host, tiny_frame_type_t type, const uint8_t *question,
                size_t n) {
    uint8_t raw[TINY_FRAME_HEAD + TINY_FRAMES_HEAD + 1 + TINY_FRAME_TAIL];
    memcpy(raw + TINY_FRAME_HEAD, question, n);
    return say(host->stream, raw, type, n) == TINY_OK;
}

tiny_row_t tiny_virtual_row(const tiny_host_t *host, uint32_t t, int32_t *channels, uint8_t n) {
    uint8_t question[4];
    tiny_put32(question, t);
    for (uint8_t attempt = 0; attempt < ATTEMPTS;) {
        tiny_row_t row = TINY_ROW_LOST;
        const uint8_t *values = NULL;
        size_t size = 0;
        if (!put(host, TINY_FRAME_ROW_REQUEST, question, sizeof question)) {
            return TINY_ROW_LOST;
        }
        const wait_t wait =
            await(host, TINY_FRAME_ROW, question, sizeof question, &values, &size, &row);
        if (wait != ENDED) {
            attempt = (uint8_t)(attempt + (wait == LOST ? 1 : 0));
            continue;
        }
        if (row != TINY_ROW_VALUES) {
            return row;
        }
        if (size == 0 && n > 0) {
            return TINY_ROW_SENSE;
        }
        if (size == 4u * (size_t)n) {
            for (uint8_t i = 0; i < n; i++) {
                channels[i] = tiny_get_i32(values + 4 * (size_t)i);
            }
            return TINY_ROW_VALUES;
        }
        attempt++;
    }
    return TINY_ROW_LOST;
}

tiny_row_t tiny_virtual_frames(const tiny_host_t *host, uint32_t t, uint8_t fast, uint16_t at,
                               int16_t *values, uint8_t n, uint8_t pieces, uint8_t *ahead) {
    uint8_t question[TINY_FRAMES_HEAD + 1];
    tiny_put32(question, t);
    question[4] = fast;
    tiny_put16(question + 5, at);
    question[7] = n;
    question[8] = pieces;
    for (uint8_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        tiny_row_t row = TINY_ROW_LOST;
        const uint8_t *given = NULL;
        size_t size = 0;
        if (*ahead > 0) {
            --*ahead;
        } else {
            if (!put(host, TINY_FRAME_BURST_REQUEST, question, sizeof question)) {
                return TINY_ROW_LOST;
            }
            *ahead = (uint8_t)(question[8] - 1);
        }
        const bool came =
            await(host, TINY_FRAME_BURST, question, TINY_FRAMES_HEAD, &given, &size, &row) == ENDED;
        if (came && row != TINY_ROW_VALUES) {
            return row;
        }
        if (came && size == 2u * (size_t)n) {
            for (uint8_t i = 0; i < n; i++) {
                values[i] = (int16_t)tiny_get16(given + 2 * (size_t)i);
            }
            return TINY_ROW_VALUES;
        }
        *ahead = 0; /* those behind a lost one are passed over: this one alone again */
        question[8] = 1;
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
