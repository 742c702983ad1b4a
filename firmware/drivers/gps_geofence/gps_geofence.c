#include "gps_geofence.h"
#include "features/arithmetic.h"
#include "hal.h"

#define CHUNK       32u /* what an Arduino core reads at once */
#define CHUNKS      75u
#define WAIT_MS     20u /* 75 times: a receiver speaks once a second */
#define IDLE        0xFFu
#define MOST_M      100000
#define MILLIONTHS  1000000L
#define HALF_TURN   180000000L
#define FIELD_STATE 2 /* of RMC, the talker and type being 0 */
#define FIELD_LAT   3
#define FIELD_LON   5

static int8_t hex_digit(char c) {
    return (int8_t)(c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

/* Whether the text up to '*' has the sum that stands behind it; its length without, else 0. */
static uint8_t checked(const tiny_nmea_t *n) {
    uint8_t sum = 0;
    uint8_t i = 0;
    for (; i < n->length && n->text[i] != '*'; i++) {
        sum ^= (uint8_t)n->text[i];
    }
    if (i + 3u != n->length) {
        return 0;
    }
    const int8_t high = hex_digit(n->text[i + 1]);
    const int8_t low = hex_digit(n->text[i + 2]);
    return high >= 0 && low >= 0 && (high << 4 | low) == sum ? i : 0;
}

/* Where a field begins; `length` if there is none. */
static uint8_t field(const tiny_nmea_t *n, uint8_t length, uint8_t number) {
    uint8_t i = 0;
    while (i < length && number > 0) {
        number = (uint8_t)(number - (n->text[i] == ','));
        i++;
    }
    return number > 0 ? length : i;
}

/* ddmm.mmmm or dddmm.mmmm and the letter in the next field, into millionths of a degree. */
static bool angle(const tiny_nmea_t *n, uint8_t length, uint8_t number, uint8_t degrees,
                  const char *letters, int32_t most, int32_t *out) {
    uint8_t i = field(n, length, number);
    int32_t whole = 0;
    int32_t minutes = 0; /* in 1/100000 */
    int32_t unit = MILLIONTHS;
    bool point = false;
    for (uint8_t k = 0; k < degrees + 2; k++, i++) {
        if (i >= length || n->text[i] < '0' || n->text[i] > '9') {
            return false;
        }
        const int32_t digit = n->text[i] - '0';
        if (k < degrees) {
            whole = whole * 10 + digit;
        } else {
            minutes += digit * unit;
            unit /= 10;
        }
    }
    /* `unit` stands at the tenth of a minute now: 10000 of 1/100000. */
    unit = 10000;
    for (; i < length && n->text[i] != ','; i++) {
        if (n->text[i] == '.' && !point) {
            point = true;
        } else if (n->text[i] >= '0' && n->text[i] <= '9' && point) {
            minutes += (n->text[i] - '0') * unit; /* digits past the fifth add nothing */
            unit /= 10;
        } else {
            return false;
        }
    }
    const uint8_t at = (uint8_t)(i + 1u);
    if (at >= length || minutes >= 60 * 100000L) {
        return false;
    }
    /* 1/100000 minute = 1/6 of a millionth of a degree */
    const int32_t value = whole * (int32_t)MILLIONTHS + (minutes + 3) / 6;
    if (value > most || (n->text[at] != letters[0] && n->text[at] != letters[1])) {
        return false;
    }
    *out = n->text[at] == letters[0] ? value : -value;
    return true;
}

static tiny_status_t sentence(const tiny_nmea_t *n, tiny_position_t *position) {
    const uint8_t length = checked(n);
    if (length == 0) {
        return TINY_E_FORMAT;
    }
    if (length < 6 || n->text[2] != 'R' || n->text[3] != 'M' || n->text[4] != 'C' ||
        n->text[5] != ',') {
        return TINY_E_BLOCKED; /* another kind */
    }
    const uint8_t state = field(n, length, FIELD_STATE);
    if (state >= length || n->text[state] != 'A') {
        return TINY_E_MISSING;
    }
    const bool whole = angle(n, length, FIELD_LAT, 2, "NS", HALF_TURN / 2, &position->latitude) &&
                       angle(n, length, FIELD_LON, 3, "EW", HALF_TURN, &position->longitude);
    return whole ? TINY_OK : TINY_E_FORMAT;
}

tiny_status_t tiny_nmea_push(tiny_nmea_t *nmea, char c, tiny_position_t *position) {
    if (c == '$') {
        nmea->inside = true;
        nmea->length = 0;
        return TINY_E_BLOCKED;
    }
    if (!nmea->inside) {
        return TINY_E_BLOCKED;
    }
    if (c == '\r' || c == '\n') {
        nmea->inside = false;
        return sentence(nmea, position);
    }
    if (nmea->length >= TINY_NMEA_MOST) {
        nmea->inside = false;
        return TINY_E_FORMAT;
    }
    nmea->text[nmea->length++] = c;
    return TINY_E_BLOCKED;
}

int32_t tiny_position_metres(tiny_position_t a, tiny_position_t b) {
    int64_t east = (int64_t)b.longitude - a.longitude;
    const int64_t north = (int64_t)b.latitude - a.latitude;
    east -= east > HALF_TURN ? 2 * HALF_TURN : east < -HALF_TURN ? -2 * HALF_TURN : 0;
    /* A meridian shrinks with the cosine of the latitude between the two. */
    const int64_t between = ((int64_t)a.latitude + b.latitude) / 2;
    const uint16_t turn = (uint16_t)((between + HALF_TURN / 2) * 65536 / (2 * HALF_TURN));
    east = east * tiny_sine(turn) / 32768;
    /* 111,195 m a degree: the mean radius of 6371 km (IUGG) */
    const uint64_t squared = (uint64_t)(east * east) + (uint64_t)(north * north);
    const int64_t metres = ((int64_t)tiny_root(squared) * 111195 + MILLIONTHS / 2) / MILLIONTHS;
    return metres > MOST_M ? MOST_M : (int32_t)metres;
}

tiny_status_t tiny_gps_geofence_read(const tiny_gps_geofence_t TINY_ROM *c, int32_t *out) {
    tiny_nmea_t nmea = {0, false, {0}};
    tiny_status_t status = TINY_E_BLOCKED;
    tiny_position_t here = {0, 0};
    uint8_t chunk[CHUNK];
    out[0] = TINY_MISSING;
    for (uint8_t i = 0; i < CHUNKS; i++) {
        if (hal_i2c_read(c->address, chunk, CHUNK) < 0) {
            return TINY_E_IO;
        }
        for (uint8_t k = 0; k < CHUNK; k++) {
            if (chunk[k] == IDLE) {
                continue;
            }
            status = tiny_nmea_push(&nmea, (char)chunk[k], &here);
            if (status == TINY_E_MISSING) {
                return TINY_E_MISSING;
            }
            if (status == TINY_OK) {
                const tiny_position_t home = {c->home_latitude, c->home_longitude};
                const int32_t beyond = tiny_position_metres(home, here) - c->radius;
                out[0] = beyond < 0 ? 0 : beyond;
                return TINY_OK;
            }
        }
        if (chunk[CHUNK - 1u] == IDLE) {
            hal_delay_ms(WAIT_MS);
        }
    }
    return TINY_E_IO;
}
