#include "wire.h"

#include <string.h>

/* CBOR major types (RFC 8949, section 3.1) */
enum { UINT = 0, TEXT = 3, ARRAY = 4, MAP = 5 };

/* Message keys */
enum {
    K_BOOT = 0,
    K_SEQ = 1,
    K_AGE = 2,
    K_RULE = 3,
    K_LABEL = 4,
    K_SCORE = 5,
    K_FLAGS = 6,
    K_BATTERY = 7,
    K_HASH = 8,
    K_WHY = 9,
    K_BACKLOG = 10,
    K_NODE = 11,
    K_KIND = 12,
    K_COUNTERS = 13,
    K_FAULTS = 14
};

/* Downlink keys */
enum { D_BOOT = 0, D_SEQ = 1, D_EPOCH = 2, D_ACTUATOR = 3, D_ON = 4, D_SECONDS = 5 };

typedef struct {
    uint8_t *out;
    size_t cap;
    size_t n; /* may pass cap: then nothing more is written and the message is refused */
} writer_t;

static void put(writer_t *w, uint8_t byte) {
    if (w->n < w->cap) {
        w->out[w->n] = byte;
    }
    w->n++;
}

/* An item's head in its shortest form. */
static void head(writer_t *w, uint8_t major, uint32_t value) {
    const uint8_t m = (uint8_t)(major << 5);
    uint8_t bytes = 0;
    if (value < 24) {
        put(w, (uint8_t)(m | value));
        return;
    }
    if (value <= 0xFFu) {
        put(w, m | 24);
        bytes = 1;
    } else if (value <= 0xFFFFu) {
        put(w, m | 25);
        bytes = 2;
    } else {
        put(w, m | 26);
        bytes = 4;
    }
    while (bytes-- > 0) {
        put(w, (uint8_t)((value >> (8 * bytes)) & 0xFFu));
    }
}

static void pair(writer_t *w, uint8_t key, uint32_t value) {
    head(w, UINT, key);
    head(w, UINT, value);
}

static size_t finish(const writer_t *w) {
    return w->n <= w->cap ? w->n : 0;
}

static void pair_unless_zero(writer_t *w, uint8_t key, uint32_t value) {
    if (value != 0) {
        pair(w, key, value);
    }
}

static void node_id(writer_t *w, const char TINY_ROM *node) {
    uint8_t length = 0;
    while (length < 16 && node[length] != '\0') {
        length++;
    }
    head(w, UINT, K_NODE);
    head(w, TEXT, length);
    for (uint8_t i = 0; i < length; i++) {
        put(w, (uint8_t)node[i]);
    }
}

size_t tiny_wire_decision(uint8_t *out, size_t cap, const tiny_decision_t *d, uint32_t age,
                          uint32_t backlog) {
    writer_t w = {out, cap, 0};
    head(&w, MAP, 9u + (d->battery_mv != 0) + (backlog != 0));
    pair(&w, K_BOOT, d->boot);
    pair(&w, K_SEQ, d->seq);
    pair(&w, K_AGE, age);
    pair(&w, K_RULE, d->rule);
    pair(&w, K_LABEL, d->label);
    pair(&w, K_SCORE, d->score);
    pair(&w, K_FLAGS, d->flags);
    pair_unless_zero(&w, K_BATTERY, d->battery_mv);
    pair(&w, K_HASH, d->hash);
    pair(&w, K_WHY, d->why);
    pair_unless_zero(&w, K_BACKLOG, backlog);
    return finish(&w);
}

size_t tiny_wire_birth(uint8_t *out, size_t cap, const tiny_health_t *health, uint32_t hash) {
    writer_t w = {out, cap, 0};
    head(&w, MAP, 4u + (health->battery_mv != 0));
    pair(&w, K_BOOT, health->boot);
    pair_unless_zero(&w, K_BATTERY, health->battery_mv);
    pair(&w, K_HASH, hash);
    node_id(&w, health->node);
    pair(&w, K_KIND, 1);
    return finish(&w);
}

size_t tiny_wire_heartbeat(uint8_t *out, size_t cap, const tiny_health_t *health) {
    writer_t w = {out, cap, 0};
    head(&w, MAP,
         4u + (health->flags != 0) + (health->battery_mv != 0) + (health->backlog != 0) +
             (health->fault_mask != 0));
    pair(&w, K_BOOT, health->boot);
    pair_unless_zero(&w, K_FLAGS, health->flags);
    pair_unless_zero(&w, K_BATTERY, health->battery_mv);
    pair_unless_zero(&w, K_BACKLOG, health->backlog);
    node_id(&w, health->node);
    pair(&w, K_KIND, 2);
    head(&w, UINT, K_COUNTERS);
    head(&w, ARRAY, 3);
    head(&w, UINT, health->samples);
    head(&w, UINT, health->faults);
    head(&w, UINT, health->dropped);
    pair_unless_zero(&w, K_FAULTS, health->fault_mask);
    return finish(&w);
}

typedef struct {
    const uint8_t *at;
    size_t left;
} reader_t;

/* One item head of the wanted major type, in its shortest form, of at most 32 bits. */
static bool take(reader_t *r, uint8_t major, uint32_t *value) {
    if (r->left == 0 || (r->at[0] >> 5) != major) {
        return false;
    }
    const uint8_t info = r->at[0] & 0x1Fu;
    r->at++;
    r->left--;
    if (info < 24) {
        *value = info;
        return true;
    }
    if (info > 26) { /* 64 bits, reserved, indefinite */
        return false;
    }
    const uint8_t bytes = (uint8_t)(1u << (info - 24));
    if (r->left < bytes) {
        return false;
    }
    uint32_t v = 0;
    for (uint8_t i = 0; i < bytes; i++) {
        v = (v << 8) | r->at[i];
    }
    r->at += bytes;
    r->left -= bytes;
    *value = v;
    return bytes == 1 ? v >= 24 : bytes == 2 ? v > 0xFFu : v > 0xFFFFu;
}

static bool read_downlink(reader_t *r, tiny_downlink_t *down) {
    uint32_t pairs = 0;
    if (!take(r, MAP, &pairs)) {
        return false;
    }
    uint32_t seen = 0;
    uint32_t least = 0;
    for (uint32_t i = 0; i < pairs; i++) {
        uint32_t key = 0;
        uint32_t value = 0;
        if (!take(r, UINT, &key) || key < least || key == UINT32_MAX || !take(r, UINT, &value)) {
            return false;
        }
        least = key + 1;
        seen |= key <= D_SECONDS ? 1u << key : 0;
        switch (key) {
        case D_BOOT:
            down->boot = value;
            break;
        case D_SEQ:
            down->seq = value;
            break;
        case D_EPOCH:
            down->epoch = value;
            break;
        case D_ACTUATOR:
            down->actuator = (uint8_t)value;
            if (value > 0xFFu) {
                return false;
            }
            break;
        case D_ON:
            down->on = value == 1;
            if (value > 1) {
                return false;
            }
            break;
        case D_SECONDS:
            down->seconds = value;
            break;
        default:
            break;
        }
    }
    const uint32_t mark = seen & ((1u << D_BOOT) | (1u << D_SEQ));
    const uint32_t command = seen & ((1u << D_ACTUATOR) | (1u << D_ON));
    const bool seconds = (seen & (1u << D_SECONDS)) != 0;
    down->has_mark = mark == ((1u << D_BOOT) | (1u << D_SEQ));
    down->has_epoch = (seen & (1u << D_EPOCH)) != 0;
    down->has_command = command == ((1u << D_ACTUATOR) | (1u << D_ON));
    return r->left == 0 && (mark == 0 || down->has_mark) && (command == 0 || down->has_command) &&
           (!seconds || down->has_command);
}

tiny_status_t tiny_wire_downlink(const uint8_t *data, size_t n, tiny_downlink_t *down) {
    reader_t r = {data, n};
    memset(down, 0, sizeof *down);
    if (!read_downlink(&r, down)) {
        memset(down, 0, sizeof *down);
        return TINY_E_FORMAT;
    }
    return TINY_OK;
}
