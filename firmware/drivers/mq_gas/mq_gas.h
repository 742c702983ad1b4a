/* An MQ gas sensor: heated tin dioxide between supply and load resistor, whose voltage rises as gas
 * lowers its resistance. Resistances differ from one sensor to the next by a factor of ten, so only
 * the multiple of that in clean air tells anything. */
#ifndef TINY_MQ_GAS_H
#define TINY_MQ_GAS_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    int16_t supply;        /* mV across sensor and load */
    int16_t calibrate_air; /* mV at the load in clean air, at 20 degC and 33 % */
    int16_t curve_cold;    /* Rs at -10 degC, in percent of that at 20 degC, at 33 % */
    int16_t curve_cool;    /* at 5 degC */
    int16_t curve_hot;     /* at 50 degC */
    int16_t curve_damp;    /* Rs at 85 %, in percent of that at 33 %, at 20 degC */
} tiny_mq_gas_t;

/* out[0]: Rs/R0 in thousandths, 1 to 100000; the load resistor cancels. TINY_E_IO when the
 * converter fails, or the voltage is none that a heated sensor gives. */
tiny_status_t tiny_mq_gas_read(const tiny_mq_gas_t TINY_ROM *c, int32_t *out);

/* Brings out[0] to 20 degC and 33 %: with[0] is the temperature in 0.1 degC, with[1] the humidity
 * in 0.1 %. What is missing is taken as there. Straight lines between the points of the config,
 * none beyond -10 to 50 degC; damp air lowers Rs by the same part at every temperature. The
 * defaults are figure 4 of the MQ-135's datasheet, as two published digitisations have it within 2
 * %: typical values. An MQ-3's are 160, 122, 88 and 88 %, and two makers' curves of one sensor
 * differ. */
void tiny_mq_gas_compensate(const tiny_mq_gas_t TINY_ROM *c, int32_t *out, const int32_t *with);

#endif
