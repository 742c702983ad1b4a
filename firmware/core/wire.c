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
    K_FAULTS = 14,
    K_ACTIVE = 16
};

/* Downlink keys */
enum {
    D_BOOT = 0,
    D_SEQ = 1,
    D_EPOCH = 2,
    D_ACTUATOR = 3,
    D_ON = 4,
    D_SECONDS = 5,
    D_CASE_BOOT = 6,
    D_CASE_SEQ = 7,
    D_YES = 8,
    D_NEIGHBOUR = 9,
    D_ACTIVE = 10,
    D_HEARD = 11,
    D_HASH = 12
};

#define DOWN_KEYS    13u
#define DOWN_MARK    ((1u << D_BOOT) | (1u << D_SEQ))
#define DOWN_COMMAND ((1u << D_ACTUATOR) | (1u << D_ON))
#define DOWN_ANSWER  ((1u << D_CASE_BOOT) | (1u << D_CASE_SEQ) | (1u << D_YES))
#define DOWN_WORD    ((1u << D_NEIGHBOUR) | (1u << D_ACTIVE) | (1u << D_HEARD) | (1u << D_HASH))

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

/* A map's head and its pairs with the keys 0 to keys - 1: key k comes with values[k] if bit k of
 * `present` is set. */
static void pairs(writer_t *w, uint8_t more, const uint32_t *values, uint8_t keys,
                  uint16_t present) {
    uint8_t count = more;
    for (uint16_t bits = present; bits != 0; bits >>= 1) {
        count = (uint8_t)(count + (bits & 1u));
    }
    head(w, MAP, count);
    for (uint8_t key = 0; key < keys; key++) {
        if ((((unsigned)present >> key) & 1u) != 0) {
            pair(w, key, values[key]);
        }
    }
}

static uint16_t bit_unless_zero(uint8_t key, uint32_t value) {
    return (uint16_t)(value != 0 ? 1u << key : 0u);
}

size_t tiny_wire_decision(uint8_t *out, size_t cap, const tiny_decision_t *d, uint32_t age,
                          uint32_t backlog) {
    writer_t w = {out, cap, 0};
    const uint32_t values[] = {d->boot,  d->seq,        age,     d->rule, d->label, d->score,
                               d->flags, d->battery_mv, d->hash, d->why,  backlog};
    const uint16_t always = 0x37F; /* all but battery and backlog */
    pairs(&w, 0, values, K_BACKLOG + 1,
          (uint16_t)(always | bit_unless_zero(K_BATTERY, d->battery_mv) |
                     bit_unless_zero(K_BACKLOG, backlog)));
    return finish(&w);
}

/* Node id and kind: what births and heartbeats have in common. */
static void identity(writer_t *w, const char TINY_ROM *node, uint8_t kind) {
    uint8_t length = 0;
    while (length < 16 && node[length] != '\0') {
        length++;
    }
    head(w, UINT, K_NODE);
    head(w, TEXT, length);
    for (uint8_t i = 0; i < length; i++) {
        put(w, (uint8_t)node[i]);
    }
    pair(w, K_KIND, kind);
}

size_t tiny_wire_birth(uint8_t *out, size_t cap, const tiny_health_t *health, uint32_t hash) {
    writer_t w = {out, cap, 0};
    const uint32_t values[K_HASH + 1] = {
        [K_BOOT] = health->boot, [K_BATTERY] = health->battery_mv, [K_HASH] = hash};
    pairs(&w, 2, values, K_HASH + 1,
          (uint16_t)((1u << K_BOOT) | (1u << K_HASH) |
                     bit_unless_zero(K_BATTERY, health->battery_mv)));
    identity(&w, health->node, 1);
    return finish(&w);
}

size_t tiny_wire_heartbeat(uint8_t *out, size_t cap, const tiny_health_t *health) {
    writer_t w = {out, cap, 0};
    const uint32_t values[K_BACKLOG + 1] = {[K_BOOT] = health->boot,
                                            [K_FLAGS] = health->flags,
                                            [K_BATTERY] = health->battery_mv,
                                            [K_BACKLOG] = health->backlog};
    pairs(&w, health->fault_mask != 0 ? 5 : 4, values, K_BACKLOG + 1,
          (uint16_t)((1u << K_BOOT) | bit_unless_zero(K_FLAGS, health->flags) |
                     bit_unless_zero(K_BATTERY, health->battery_mv) |
                     bit_unless_zero(K_BACKLOG, health->backlog)));
    identity(&w, health->node, 2);
    head(&w, UINT, K_COUNTERS);
    head(&w, ARRAY, 3);
    head(&w, UINT, health->samples);
    head(&w, UINT, health->faults);
    head(&w, UINT, health->dropped);
    if (health->fault_mask != 0) {
        pair(&w, K_FAULTS, health->fault_mask);
    }
    const size_t n = w.n;
    pair(&w, K_ACTIVE, health->active);
    if (w.n > cap && n <= cap && n > 0) {
        out[0]--; /* a pair less in the map, whose head is this one byte */
        return n;
    }
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

/* The values of the known keys, and in `seen` which of them came. */
static bool take_map(reader_t *r, uint32_t *values, uint16_t *seen) {
    uint32_t pairs = 0;
    uint32_t least = 0;
    if (!take(r, MAP, &pairs)) {
        return false;
    }
    for (; pairs > 0; pairs--) {
        uint32_t key = 0;
        uint32_t value = 0;
        if (!take(r, UINT, &key) || key < least || key == UINT32_MAX || !take(r, UINT, &value)) {
            return false;
        }
        least = key + 1;
        if (key < DOWN_KEYS) {
            values[key] = value;
            *seen = (uint16_t)(*seen | (1u << key));
        }
    }
    return r->left == 0;
}

static bool all_or_none(uint16_t seen, uint16_t bits) {
    return (seen & bits) == 0 || (seen & bits) == bits;
}

/* Whether the word of a neighbour is whole, or there is none. */
static bool take_word(const uint32_t *values, uint16_t seen, tiny_word_t *word) {
    const uint16_t all = DOWN_WORD | (1u << D_EPOCH);
    if ((seen & DOWN_WORD) == 0) {
        return true;
    }
    if ((seen & all) != all || values[D_NEIGHBOUR] > 0xFFu || values[D_ACTIVE] > 1u) {
        return false;
    }
    word->epoch = values[D_EPOCH];
    word->heard = values[D_HEARD];
    word->hash = values[D_HASH];
    word->neighbour = (uint8_t)values[D_NEIGHBOUR];
    word->active = values[D_ACTIVE] == 1;
    word->said = true;
    return true;
}

tiny_status_t tiny_wire_downlink(const uint8_t *data, size_t n, tiny_downlink_t *down,
                                 tiny_word_t *word) {
    reader_t r = {data, n};
    uint32_t values[DOWN_KEYS] = {0};
    uint16_t seen = 0;
    memset(down, 0, sizeof *down);
    if (word != NULL) {
        memset(word, 0, sizeof *word);
    }
    if (!take_map(&r, values, &seen) || !all_or_none(seen, DOWN_MARK) ||
        !all_or_none(seen, DOWN_COMMAND) || !all_or_none(seen, DOWN_ANSWER) ||
        values[D_ACTUATOR] > 0xFFu || values[D_ON] > 1u || values[D_YES] > 1u ||
        (seen & (DOWN_COMMAND | (1u << D_SECONDS))) == 1u << D_SECONDS ||
        (word != NULL && !take_word(values, seen, word))) {
        return TINY_E_FORMAT;
    }
    down->has_mark = (seen & DOWN_MARK) != 0;
    down->has_epoch = (seen & (1u << D_EPOCH)) != 0;
    down->has_command = (seen & DOWN_COMMAND) != 0;
    down->boot = values[D_BOOT];
    down->seq = values[D_SEQ];
    down->epoch = values[D_EPOCH];
    down->actuator = (uint8_t)values[D_ACTUATOR];
    down->on = values[D_ON] == 1;
    down->seconds = values[D_SECONDS];
    down->has_answer = (seen & DOWN_ANSWER) != 0;
    down->case_boot = values[D_CASE_BOOT];
    down->case_seq = values[D_CASE_SEQ];
    down->yes = values[D_YES] == 1;
    return TINY_OK;
}
