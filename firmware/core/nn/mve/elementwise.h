/* ../add.h for MVE: the same arguments. */
#ifndef TINY_NN_MVE_ELEMENTWISE_H
#define TINY_NN_MVE_ELEMENTWISE_H

#include "../add.h"
#include "mve.h"

TINY_KERNEL void tiny_mve_add_linear(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                                     int32_t mult_a, int32_t mult_b, int32_t offset, int8_t shift,
                                     int8_t low, int8_t high) {
#if defined(TINY_MVE)
    const int32x4_t mults = vdupq_n_s32(mult_a);
    const int32x4_t least = vdupq_n_s32(low);
    const int32x4_t most = vdupq_n_s32(high);
    __asm__ volatile(
        "wlstp.32 lr, %[count], 2f\n"
        "1:\n"
        "vldrb.s32 q0, [%[a]], #4\n"
        "vldrb.s32 q1, [%[b]], #4\n"
        "vmlas.s32 q0, %q[mults], %[offset]\n"
        "vmla.s32 q0, q1, %[mult_b]\n"
        "vshl.s32 q0, %[right]\n"
        "vmax.s32 q0, q0, %q[least]\n"
        "vmin.s32 q0, q0, %q[most]\n"
        "vstrb.32 q0, [%[out]], #4\n"
        "letp lr, 1b\n"
        "2:\n"
        /* Widening loads and narrowing stores take r0..r7 only. */
        : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
        : [count] "r"(count), [mults] "w"(mults), [offset] "r"(offset), [mult_b] "r"(mult_b),
          [right] "r"(-shift), [least] "w"(least), [most] "w"(most)
        : "lr", "q0", "q1", "memory");
#else
    tiny_add_linear(a, b, out, count, mult_a, mult_b, offset, shift, low, high);
#endif
}

TINY_KERNEL void tiny_mve_mul(const int8_t *a, const int8_t *b, int8_t *out, uint32_t count,
                              int8_t zero_a, int8_t zero_b, int32_t mult, int8_t shift,
                              int8_t zero_point, int8_t low, int8_t high) {
#if defined(TINY_MVE)
    const int32x4_t least = vdupq_n_s32(low);
    const int32x4_t most = vdupq_n_s32(high);
    for (int32_t left = (int32_t)count; left > 0; left -= 4) {
        const mve_pred16_t some = vctp32q((uint32_t)left);
        int32x4_t x = vaddq_n_s32(vldrbq_z_s32(a, some), -zero_a);
        x = vmulq_s32(x, vaddq_n_s32(vldrbq_z_s32(b, some), -zero_b));
        x = vaddq_n_s32(tiny_mve_scale_all(x, mult, shift), zero_point);
        vstrbq_p_s32(out, vminq_s32(vmaxq_s32(x, least), most), some);
        a += 4;
        b += 4;
        out += 4;
    }
#else
    tiny_mul(a, b, out, count, zero_a, zero_b, mult, shift, zero_point, low, high);
#endif
}

#endif
