#include "neighbours.h"
#include "number.h"

tiny_status_t tiny_neighbour_hear(tiny_neighbour_t *neighbours,
                                  const tiny_neighbour_rule_t TINY_ROM *rules, uint8_t count,
                                  uint32_t hash, const tiny_word_t *word, uint32_t now,
                                  uint32_t t) {
    if (word->hash != hash || word->neighbour >= count) {
        return TINY_E_ARGUMENT;
    }
    tiny_neighbour_t *held = &neighbours[word->neighbour];
    const uint32_t expires = rules[word->neighbour].expires_s;
    const uint32_t came = now > word->epoch ? now : word->epoch;
    const uint32_t age = came > word->heard ? came - word->heard : 0;
    if (word->heard <= held->heard || age >= expires ||
        (word->heard > came && word->heard - came > TINY_AHEAD_S)) {
        return TINY_E_MISSING;
    }
    held->heard = word->heard;
    held->until = tiny_later(t, expires - age);
    held->active = word->active;
    return TINY_OK;
}

int32_t tiny_neighbour_reading(const tiny_neighbour_t *neighbour, uint32_t t) {
    if (t >= neighbour->until) {
        return TINY_MISSING;
    }
    return neighbour->active ? 100 : 0;
}
