// HelloPay, the demonstration acquirer: JSON over HTTP, every message sealed by an HMAC over its body. The protocol is
// nobody's. Here is what the plugin is and how an operation begins; messages.c is what it sends, answers.c what it hears,
// policy.c what it does about silence.

#include "hellopay.h"

#include <stdlib.h>
#include <string.h>

static const plugin_string_t TERMINAL_PARAMETER = TEXT("terminal");

enum { TERMINAL_LETTERS = 8, AMOUNT_DIGITS = 12, CURRENCY_DIGITS = 3 };
#define ORDER_LAST 999999999999u
#define AMOUNT_LAST 999999999999u

// ---- what the plugin is ------------------------------------------------------------------------------------------

static acquirer_operation_spec_t OPERATIONS[] = {
    {.kind = TRANSACTION_OPERATION_KIND_ECHO, .proved = true},
    {.kind = TRANSACTION_OPERATION_KIND_SALE, .proved = true},
    {.kind = TRANSACTION_OPERATION_KIND_REVERSE, .proved = true},
};
static acquirer_route_t ROUTES[] = {{TEXT("host"), ACQUIRER_FRAMING_HTTP}};
static acquirer_key_algorithm_t SEAL_ALGORITHMS[] = {ACQUIRER_KEY_ALGORITHM_HMAC};
static acquirer_key_use_t SEAL_USES[] = {
    {ACQUIRER_KEY_USE_MAC, {.mac = TEMPLATE_MAC_ALGORITHM_HMAC_SHA256}},
};
static acquirer_key_slot_t KEYS[] = {
    {TEXT("seal"), LIST(SEAL_ALGORITHMS), ACQUIRER_KEY_SCHEME_FIXED, LIST(SEAL_USES)},
};
static acquirer_counter_t COUNTERS[] = {{TEXT("order"), 1, ORDER_LAST}};
static acquirer_parameter_t PARAMETERS[] = {
    {TEXT("terminal"), true, TEXT("[0-9A-Za-z]{8}"), TEXT("The terminal's number, as HelloPay gave it.")},
};

void acquirer_describe(acquirer_descriptor_t *descriptor) {
    *descriptor = (acquirer_descriptor_t){
        TEXT("hellopay-c"), TEXT("0.1.0"), LIST(OPERATIONS), LIST(ROUTES), LIST(KEYS), LIST(COUNTERS), LIST(PARAMETERS),
    };
}

// ---- beginning an operation --------------------------------------------------------------------------------------

bool fail(types_fault_t *fault, uint8_t tag, plugin_string_t why) {
    // All but `malformed` hold a sentence, in the same place.
    *fault = (types_fault_t){tag, {.unsupported = why}};
    return false;
}

bool same(plugin_string_t one, plugin_string_t other) {
    return one.len == other.len && memcmp(one.ptr, other.ptr, one.len) == 0;
}

plugin_list_u8_t digits(uint64_t number, size_t width) {
    uint8_t *text = malloc(width);
    for (size_t at = width; at > 0; at--, number /= 10) text[at - 1] = (uint8_t)('0' + number % 10);
    return (plugin_list_u8_t){text, width};
}

static bool read_terminal(transaction_context_t *context, plugin_list_u8_t *terminal, types_fault_t *fault) {
    for (size_t at = 0; at < context->parameters.len; at++) {
        if (!same(context->parameters.ptr[at].f0, TERMINAL_PARAMETER)) continue;
        plugin_string_t value = context->parameters.ptr[at].f1;
        bool fits = value.len == TERMINAL_LETTERS;
        for (size_t letter = 0; fits && letter < value.len; letter++) {
            uint8_t c = value.ptr[letter];
            fits = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        }
        if (!fits) return FAIL(CONFIGURATION, "terminal: 8 letters or digits are expected");
        *terminal = (plugin_list_u8_t){value.ptr, value.len};
        return true;
    }
    return FAIL(CONFIGURATION, "terminal is missing");
}

static bool take_order(transaction_context_t *context, plugin_list_u8_t *order, types_fault_t *fault) {
    for (size_t at = 0; at < context->counters.len; at++) {
        uint64_t next = context->counters.ptr[at].f1;
        if (!same(context->counters.ptr[at].f0, ORDER_COUNTER)) continue;
        if (next < 1 || next > ORDER_LAST) return FAIL(INTERNAL, "the next order is not within 1 to 999999999999");
        *order = digits(next, ORDER_DIGITS);
        return true;
    }
    return FAIL(INTERNAL, "the terminal counts no orders");
}

static bool write_amount(types_amount_t amount, values_t *values, types_fault_t *fault) {
    if (amount.minor < 1 || amount.minor > AMOUNT_LAST) return FAIL(UNSUPPORTED, "an amount has 1 to 12 digits");
    if (amount.currency > 999) return FAIL(UNSUPPORTED, "a currency has 3 digits");
    values->shared[AMOUNT] = digits(amount.minor, AMOUNT_DIGITS);
    values->shared[CURRENCY] = digits(amount.currency, CURRENCY_DIGITS);
    return true;
}

// What later steps need to know: the order. It is the state, and the reference that a reversal finds.
static void send(acquirer_step_t *step, const values_t *values, acquirer_exchange_t exchange, bool takes_order) {
    plugin_list_u8_t order = values->shared[ORDER];
    acquirer_tuple2_name_string_t *reference = malloc(sizeof *reference);
    *reference = (acquirer_tuple2_name_string_t){ORDER_COUNTER, {order.ptr, order.len}};
    plugin_string_t *uses = malloc(sizeof *uses);
    *uses = ORDER_COUNTER;
    exchange.route = ROUTE;
    exchange.timeout = TIMEOUT_MS;
    if (takes_order) exchange.uses = (acquirer_list_name_t){uses, 1};
    *step = (acquirer_step_t){
        .state = order, .reference = {reference, 1}, .action = {ACQUIRER_ACTION_SEND, {.send = exchange}},
    };
}

static bool start_echo(transaction_context_t *context, values_t *values, acquirer_step_t *step, types_fault_t *fault) {
    if (!take_order(context, &values->shared[ORDER], fault)) return false;
    acquirer_exchange_t exchange = {.message = echo_message(values), .gravity = TRANSACTION_GRAVITY_ASKS};
    send(step, values, exchange, true);
    return true;
}

static bool start_sale(
    transaction_context_t *context, transaction_payment_t *payment, values_t *values, acquirer_step_t *step,
    types_fault_t *fault
) {
    if (payment->kind != TRANSACTION_PAYMENT_KIND_SALE) return FAIL(UNSUPPORTED, "this plugin does sales only");
    if (!payment->card.is_some || !payment->card.val.has_expiry || payment->card.val.entry == CARD_ENTRY_CODE_SCAN) {
        return FAIL(UNSUPPORTED, "a sale needs a card and its expiry");
    }
    if (!take_order(context, &values->shared[ORDER], fault) || !write_amount(payment->amount, values, fault)) return false;
    acquirer_exchange_t exchange = {
        .message = sale_message(values),
        .gravity = TRANSACTION_GRAVITY_MOVES_MONEY,
        .remedy = {true, {ACQUIRER_REMEDY_UNDO, {.undo = standby(values)}}},
    };
    send(step, values, exchange, true);
    return true;
}

// A reversal of which the terminal stored none.
static bool start_reversal(
    transaction_follow_up_t *asked, values_t *values, acquirer_step_t *step, types_fault_t *fault
) {
    if (asked->kind != TRANSACTION_FOLLOW_UP_KIND_REVERSE || asked->of.tag != TRANSACTION_SUBJECT_KNOWN) {
        return FAIL(UNSUPPORTED, "of earlier transactions this plugin reverses its own, and no more");
    }
    transaction_original_t *original = &asked->of.val.known;
    for (size_t at = 0; at < original->reference.len; at++) {
        plugin_string_t order = original->reference.ptr[at].f1;
        if (!same(original->reference.ptr[at].f0, ORDER_COUNTER) || order.len != ORDER_DIGITS) continue;
        values->shared[ORDER] = (plugin_list_u8_t){order.ptr, order.len};
        if (!write_amount(original->amount, values, fault)) return false;
        uint8_t reason = asked->reason.is_some ? asked->reason.val : TEMPLATE_UNDO_REASON_NO_ANSWER;
        template_message_t message = reversal_message_for(reason, values);
        send(step, values, (acquirer_exchange_t){.message = message, .gravity = TRANSACTION_GRAVITY_OWES}, false);
        return true;
    }
    return FAIL(INTERNAL, "the original has no order of this plugin");
}

bool acquirer_start(
    transaction_context_t *context, transaction_operation_t *operation, acquirer_step_t *step, types_fault_t *fault
) {
    values_t values = {0};
    if (!read_terminal(context, &values.shared[TERMINAL], fault)) return false;
    switch (operation->tag) {
    case TRANSACTION_OPERATION_MAINTAIN:
        if (operation->val.maintain != TRANSACTION_MAINTENANCE_ECHO) break;
        return start_echo(context, &values, step, fault);
    case TRANSACTION_OPERATION_PAY: return start_sale(context, &operation->val.pay, &values, step, fault);
    case TRANSACTION_OPERATION_FOLLOW_UP: return start_reversal(&operation->val.follow_up, &values, step, fault);
    }
    return FAIL(UNSUPPORTED, "this plugin does not do this operation");
}
