#include "relay.h"
#include "hal.h"

tiny_status_t tiny_relay_write(const tiny_relay_t TINY_ROM *c, bool on) {
    const bool high = on != c->active_low;
    /* The level first, so that the pin does not kick the relay when it becomes an output; then
     * again, for cores that take no level before that. */
    const int before = hal_gpio_write(c->pin, high);
    const int mode = hal_gpio_mode(c->pin, HAL_OUTPUT);
    const int after = hal_gpio_write(c->pin, high);
    (void)before;
    return mode < 0 || after < 0 ? TINY_E_IO : TINY_OK;
}
