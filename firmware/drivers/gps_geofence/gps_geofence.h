/* A satellite receiver that only tells how far it is outside a circle around home: its position
 * stays in this file's stack and becomes no channel. It speaks NMEA 0183 over I2C, as u-blox
 * receivers do (u-blox M8 Receiver Description, UBX-13003221, section 11.5: a plain read goes on in
 * the stream of sentences, 0xFF when there is nothing to say). */
#ifndef TINY_GPS_GEOFENCE_H
#define TINY_GPS_GEOFENCE_H

#include "tiny.h"

typedef struct {
    uint8_t address;
    int32_t home_latitude;  /* millionths of a degree */
    int32_t home_longitude; /* millionths of a degree */
    uint16_t radius;        /* m */
} tiny_gps_geofence_t;

#define TINY_NMEA_MOST 82 /* characters of a sentence, by the standard */

/* A stream of NMEA text; zero it to begin. */
typedef struct {
    uint8_t length; /* so far, from behind the $; over the most: to be passed over */
    bool inside;    /* a $ has come */
    char text[TINY_NMEA_MOST];
} tiny_nmea_t;

/* A position in millionths of a degree. */
typedef struct {
    int32_t latitude;
    int32_t longitude;
} tiny_position_t;

/* One more character. TINY_OK: it ended an RMC sentence that is whole, has its checksum right and
 * a fix; TINY_E_MISSING: one without a fix; TINY_E_BLOCKED: nothing yet; TINY_E_FORMAT: it ended a
 * sentence that is not what it claims. */
tiny_status_t tiny_nmea_push(tiny_nmea_t *nmea, char c, tiny_position_t *position);

/* Metres between two positions, within 0.2 % and 1 m up to 100 km below 80 degrees of latitude (a
 * plane that touches the sphere); held at 100 km. */
int32_t tiny_position_metres(tiny_position_t a, tiny_position_t b);

/* out[0]: metres outside the fence. TINY_E_MISSING without a fix, TINY_E_IO when the bus fails or
 * nothing comes within 1.5 s. */
tiny_status_t tiny_gps_geofence_read(const tiny_gps_geofence_t TINY_ROM *c, int32_t *out);

#endif
