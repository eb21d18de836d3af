/* Sample battery-management firmware of the invented vendor VOLTA (volta.example), for fwverify's tests.
 * Real Cortex-M4 code, doing next to nothing: it watches twelve cell voltages and opens a contactor.
 * Licence: Apache-2.0, like the rest of the project. */
#include <stdint.h>

#define CELLS 12
#define ADC ((volatile uint32_t *)0x40012000u)
#define GPIO ((volatile uint32_t *)0x40020000u)
#define UART ((volatile uint32_t *)0x40011000u)

extern uint32_t _stack_top;
void reset_handler(void);
static void default_handler(void) { for (;;) { } }

__attribute__((section(".vectors"), used)) static void (*const vectors[96])(void) = {
    (void (*)(void))&_stack_top, reset_handler, default_handler, default_handler, default_handler, default_handler,
    default_handler, 0, 0, 0, 0, default_handler, default_handler, 0, default_handler, default_handler,
    [16 ... 95] = default_handler,
};

static const char *const texts[] = {
    "volta bms-12s\r\n", "cell %u: %u mV\r\n", "over-voltage, contactor open\r\n", "under-voltage, contactor open\r\n",
    "over-temperature\r\n", "balancing\r\n", "self test ok\r\n", "self test failed\r\n",
};
static const uint16_t soc_table[256] = {
#define ROW(n) (n) * 13u, (n) * 13u + 5u, (n) * 13u + 9u, (n) * 13u + 11u
#define ROWS4(n) ROW(n), ROW(n + 1), ROW(n + 2), ROW(n + 3)
#define ROWS16(n) ROWS4(n), ROWS4(n + 4), ROWS4(n + 8), ROWS4(n + 12)
    ROWS16(1), ROWS16(17), ROWS16(33), ROWS16(49)
};

static void say(const char *text) { while (*text) { UART[1] = (uint32_t)*text++; } }

static uint32_t soc_of(uint32_t millivolts) {
    uint32_t at = (millivolts - 2800u) / 6u;
    return soc_table[at > 255u ? 255u : at];
}

static int healthy(const uint32_t *cell) {
    for (uint32_t i = 0; i < CELLS; i++) {
        if (cell[i] > 4250u) { say(texts[2]); return 0; }
        if (cell[i] < 2800u) { say(texts[3]); return 0; }
    }
    return 1;
}

void reset_handler(void) {
    uint32_t cell[CELLS], charge = 0;
    say(texts[0]);
    for (;;) {
        for (uint32_t i = 0; i < CELLS; i++) { cell[i] = ADC[i] & 0x1fffu; charge += soc_of(cell[i]); }
        GPIO[5] = healthy(cell) ? 1u : 0u;
        if (charge > 100000u) { say(texts[5]); charge = 0; }
    }
}
