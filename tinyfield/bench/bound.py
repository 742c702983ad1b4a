"""What no code for a processor is expected to go below: the yardstick beside each layer's count.

A layer with multiply-accumulates (MACs) is bounded by its arithmetic alone, as if every operand
were in a register and requantization were free; the figure is the instruction set's best:

=============================  ==========================================  ================
target                         best sequence                               work a MAC
=============================  ==========================================  ================
cortex-m4, -m7, -m33           SMLAD: two 16-bit MACs                      1/2 instruction
cortex-m55                     VLDRB and VMLADAVA.S8: sixteen MACs         2/16 instruction
cortex-m3                      MLA: two MACs, a pair of pixels in a word   1/2 instruction
cortex-m0, rv32imc             multiply, then add: two MACs likewise       1 instruction
avr                            MULS (2 cycles), then a 16-bit product
                               added to 32 bits (ADD, ADC, ADC, ADC)       6 cycles
=============================  ==========================================  ================

A layer without MACs is bounded by its traffic: each input byte loaded once, each output byte
stored once, in the widest accesses that the processor has (4 bytes; 16 on cortex-m55; 1 byte in 2
cycles on avr). Block copies may go below that: LDM and STM take several words at once.

Sources: Arm's Architecture Reference Manuals (ARMv6-M, ARMv7-M, ARMv8-M with MVE); the RISC-V
Instruction Set Manual, "M" extension; Microchip's AVR Instruction Set Manual (ATmega328P).
"""

from __future__ import annotations

import math

_MAC = {
    "cortex-m0": 1.0,
    "cortex-m3": 0.5,
    "cortex-m4": 0.5,
    "cortex-m7": 0.5,
    "cortex-m33": 0.5,
    "cortex-m55": 2 / 16,
    "rv32imc": 1.0,
    "avr": 6.0,
}
_BYTE = {"cortex-m55": 1 / 16, "avr": 2.0}


#: What the bound of each target is made of, for the reader of a table.
SEQUENCES = {
    "cortex-m0": "MULS, ADDS: two MACs in a word",
    "cortex-m3": "MLA: two MACs in a word",
    "cortex-m4": "SMLAD: two 16-bit MACs",
    "cortex-m7": "SMLAD: two 16-bit MACs",
    "cortex-m33": "SMLAD: two 16-bit MACs",
    "cortex-m55": "VLDRB, VMLADAVA.S8: sixteen MACs",
    "rv32imc": "MUL, ADD: two MACs in a word",
    "avr": "MULS (2 cycles), ADD, ADC, ADC, ADC",
}


def per_mac(target: str) -> float:
    """Least instructions (cycles on avr) of one multiply-accumulate."""
    return _MAC[target]


def bound(target: str, macs: int, moved_bytes: int) -> int:
    """Least instructions (cycles on avr) of a layer.

    Args:
        macs: its multiply-accumulates.
        moved_bytes: bytes of its inputs and outputs, which count where there are no MACs.
    """
    work = macs * _MAC[target] if macs else moved_bytes * _BYTE.get(target, 1 / 4)
    return math.ceil(work)
