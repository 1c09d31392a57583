// What the parts of HelloPay share: its names and limits, the values of its messages, and what each part does for the
// others.

#ifndef HELLOPAY_H
#define HELLOPAY_H

#include "plugin.h"

#define TEXT(literal) {(uint8_t *)(literal), sizeof(literal) - 1}
#define LIST(array) {(array), sizeof(array) / sizeof(*(array))}

static const plugin_string_t ROUTE = TEXT("host");
static const plugin_string_t SEAL_KEY = TEXT("seal");
static const plugin_string_t ORDER_COUNTER = TEXT("order");

enum { ORDER_DIGITS = 12 };
#define TIMEOUT_MS 30000u

// The first nodes of every message, numbered alike in all, so that one state speaks for a sale and its reversal.
enum { TERMINAL, ORDER, AMOUNT, CURRENCY, SHARED };

typedef struct {
    plugin_list_u8_t shared[SHARED];
} values_t;

// messages.c

template_message_t echo_message(const values_t *values);
template_message_t sale_message(const values_t *values);
// It spells every reason; the terminal chooses.
template_message_t reversal_message(const values_t *values);
// For one reason.
template_message_t reversal_message_for(template_undo_reason_t reason, const values_t *values);
// The reversal that waits while a sale is under way.
acquirer_standby_t standby(const values_t *values);
// The HMAC of an answer: its header, over all of its body.
acquirer_proof_t proof_of_seal(void);
acquirer_proof_t proof_of_echo(acquirer_echoed_t what, uint32_t node, template_extent_t got);

// hellopay.c

bool same(plugin_string_t one, plugin_string_t other);
// In decimal, with zeros in front.
plugin_list_u8_t digits(uint64_t number, size_t width);
bool fail(types_fault_t *fault, uint8_t tag, plugin_string_t why);
#define FAIL(tag, why) fail(fault, TYPES_FAULT_##tag, (plugin_string_t)TEXT(why))

#endif
