#include "journal.h"
#include "bytes.h"

/* turn u16, boot u32, day i16, spare u16, CRC u16 */
#define RECORD  12u
#define RECORDS 8u

_Static_assert(TINY_JOURNAL_AT + RECORDS * RECORD <= TINY_OUTBOX_AT, "the records overlap");

static uint16_t place(uint16_t turn) {
    return (uint16_t)(TINY_JOURNAL_AT + turn % RECORDS * RECORD);
}

static bool load(tiny_journal_t *j, const tiny_memory_t *memory, uint16_t turn) {
    uint8_t r[RECORD];
    if (memory->read(place(turn), r, RECORD) < 0) {
        return false;
    }
    j->turn = tiny_get16(r);
    j->boot = tiny_get32(r + 2);
    j->day = (int16_t)((int32_t)(tiny_get16(r + 6) ^ 0x8000u) - 0x8000);
    return tiny_get16(r + 10) == tiny_crc16(TINY_CRC16_INIT, r, 10) && j->turn % RECORDS == turn;
}

static tiny_status_t store(tiny_journal_t *j, const tiny_memory_t *memory) {
    uint8_t r[RECORD] = {0};
    j->turn = (uint16_t)(j->turn + 1u);
    tiny_put16(r, j->turn);
    tiny_put32(r + 2, j->boot);
    tiny_put16(r + 6, (uint16_t)j->day);
    tiny_put16(r + 10, tiny_crc16(TINY_CRC16_INIT, r, 10));
    return memory->write(place(j->turn), r, RECORD) < 0 ? TINY_E_IO : TINY_OK;
}

tiny_status_t tiny_journal_open(tiny_journal_t *j, const tiny_memory_t *memory, uint32_t least) {
    bool any = false;
    *j = (tiny_journal_t){0, 0, 0};
    for (uint16_t i = 0; i < RECORDS; i++) {
        tiny_journal_t record;
        /* The newest, though the turns may have wrapped. */
        if (load(&record, memory, i) && (!any || (uint16_t)(record.turn - j->turn) < 0x8000u)) {
            any = true;
            *j = record;
        }
    }
    j->boot = (j->boot > least ? j->boot : least) + 1u;
    return store(j, memory);
}

tiny_status_t tiny_journal_day(tiny_journal_t *j, const tiny_memory_t *memory, int32_t day) {
    const int16_t held = (int16_t)(day > INT16_MAX ? INT16_MAX : day < INT16_MIN ? INT16_MIN : day);
    if (held == j->day) {
        return TINY_OK;
    }
    j->day = held;
    return store(j, memory);
}
