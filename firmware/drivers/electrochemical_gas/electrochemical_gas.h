/* An electrochemical gas cell (amperometric, three or four electrodes) behind its amplifier: the
 * voltage rises with the gas in proportion. Alphasense application note AAN 104 describes zero and
 * sensitivity; both are on each cell's label. */
#ifndef TINY_ELECTROCHEMICAL_GAS_H
#define TINY_ELECTROCHEMICAL_GAS_H

#include "tiny.h"

typedef struct {
    uint8_t pin;
    uint8_t gas;            /* 0 CO, 1 NO2, 2 SO2, 3 O3 */
    int16_t calibrate_zero; /* mV in clean air at 20 degC */
    int16_t calibrate_span; /* mV in the test gas at 20 degC */
    int32_t calibrate_test; /* ppb of the test gas */
    int8_t warmer;          /* percent more at 10 K more */
} tiny_electrochemical_gas_t;

/* out[0]: ug/m3 at 25 degC and 101.325 kPa, 0 to 30000; what lies below zero is none. TINY_E_IO
 * when the converter fails, or beyond twice the test gas and 30000. */
tiny_status_t tiny_electrochemical_gas_read(const tiny_electrochemical_gas_t TINY_ROM *c,
                                            int32_t *out);

/* Takes the cell's own warmth out of out[0]: with[0] is its temperature in 0.1 degC. Without one
 * the reading stays as it is. */
void tiny_electrochemical_gas_compensate(const tiny_electrochemical_gas_t TINY_ROM *c, int32_t *out,
                                         const int32_t *with);

#endif
