#include "rules.h"
#include "harness.h"

int main(void) {
    tiny_rule_t rule = {0};
    tiny_rule_state_t state = {0};
    while (next_line()) {
        const char *what = word();
        if (is(what, "rule")) { /* rule FOR REPEAT */
            rule.for_samples = (uint16_t)number();
            rule.repeat_s = u32();
            memset(&state, 0, sizeof state);
            printf("ok\n");
        } else if (is(what, "dismiss")) {
            tiny_rule_dismiss(&state);
            printf("ok\n");
        } else { /* step WHEN CLEAR NOW */
            const tiny_kleene_t when = (tiny_kleene_t)number();
            const tiny_kleene_t clear = (tiny_kleene_t)number();
            const int event = tiny_rule_step(&rule, &state, when, clear, u32());
            printf("%d %d\n", event, state.active);
        }
    }
    return 0;
}
