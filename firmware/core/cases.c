#include "cases.h"

uint8_t tiny_case_asked(const tiny_case_t *cases, uint8_t n, uint32_t seq) {
    for (uint8_t i = 0; i < n; i++) {
        if (cases[i].open && cases[i].seq == seq) {
            return i;
        }
    }
    return TINY_NO_CASE;
}

uint8_t tiny_case_due(const tiny_case_t *cases, uint8_t n, uint32_t now) {
    for (uint8_t i = 0; i < n; i++) {
        if (cases[i].open && now >= cases[i].until) {
            return i;
        }
    }
    return TINY_NO_CASE;
}
