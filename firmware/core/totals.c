#include "totals.h"
#include "features/arithmetic.h"

static int32_t hold(int64_t x) {
    return x > INT32_MAX ? INT32_MAX : x < -INT32_MAX ? -INT32_MAX : (int32_t)x;
}

bool tiny_day_step(tiny_day_t *day, bool dated, int32_t number) {
    const bool over =
        dated ? !day->dated || day->number != number : day->length_s >= TINY_DAY_LONG_S;
    const bool ends = over && day->length_s != 0;
    if (over || day->length_s == 0) {
        day->length_s = 0;
        day->dated = dated;
        day->number = number;
    }
    return ends;
}

void tiny_total_begin(tiny_total_t *total) {
    *total = (tiny_total_t){0, 0, TINY_MISSING, 0, 0};
}

void tiny_total_recall(tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule, uint32_t day_s,
                       int32_t today, int32_t yesterday, int32_t usual) {
    tiny_total_begin(total);
    total->yesterday = yesterday;
    if (today != TINY_MISSING) {
        total->sum = (int64_t)today * rule->per_s;
        total->known_s = day_s;
    }
    if (usual != TINY_MISSING) {
        total->usual = usual;
        total->days = rule->over;
    }
}

void tiny_total_add(tiny_total_t *total, tiny_num_t value, uint32_t seconds) {
    if (value != TINY_NONE) {
        total->sum += (int64_t)hold(value) * seconds;
        total->known_s += seconds;
    }
}

void tiny_total_close(tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule) {
    total->yesterday = TINY_MISSING;
    if (total->known_s >= TINY_DAY_KNOWN_S) {
        /* In two parts, since sum * 86400 may pass 64 bits. */
        const int64_t known = total->known_s;
        const int64_t whole = total->sum / known * TINY_DAY_LONG_S +
                              tiny_quotient(total->sum % known * TINY_DAY_LONG_S, total->known_s);
        total->yesterday = tiny_quotient(whole, rule->per_s);
        if (rule->over != 0) {
            total->days = (uint16_t)(total->days < rule->over ? total->days + 1u : rule->over);
            const int64_t step = (int64_t)total->yesterday - total->usual;
            /* The first day is what is usual; from the second on, a step's part fits 32 bits. */
            total->usual = total->days == 1
                               ? total->yesterday
                               : hold(total->usual + (int64_t)tiny_quotient(step, total->days));
        }
    }
    total->sum = 0;
    total->known_s = 0;
}

int32_t tiny_total_today(const tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule) {
    return total->known_s == 0 ? TINY_MISSING : tiny_quotient(total->sum, rule->per_s);
}

int32_t tiny_total_usual(const tiny_total_t *total, const tiny_total_rule_t TINY_ROM *rule) {
    return total->days == 0 || total->days < rule->after ? TINY_MISSING : total->usual;
}
