/* Is there assembler for the processor? */
#ifndef TINY_NN_SCALAR_RV32_H
#define TINY_NN_SCALAR_RV32_H

#if defined(__riscv_mul) && defined(__riscv_compressed) && defined(__GNUC__)
#if __riscv_xlen == 32 && !defined(__riscv_32e)
#define TINY_RV32IMC 1
#endif
#endif

#endif
