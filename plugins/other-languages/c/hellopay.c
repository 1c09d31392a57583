// HelloPay, the demonstration acquirer: JSON over HTTP, every message sealed by an HMAC over its body. The protocol is
// nobody's. Top down: what the plugin is, what it sends, what it hears, what it does about silence.

#include "plugin.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(literal) {(uint8_t *)(literal), sizeof(literal) - 1}
#define LIST(array) {(array), sizeof(array) / sizeof(*(array))}

static plugin_string_t ROUTE = TEXT("host");
static plugin_string_t SEAL_KEY = TEXT("seal");
static plugin_string_t SEAL_HEADER = TEXT("x-seal");
static plugin_string_t ORDER_COUNTER = TEXT("order");
static plugin_string_t TERMINAL_PARAMETER = TEXT("terminal");

enum { TERMINAL_LETTERS = 8, ORDER_DIGITS = 12, AMOUNT_DIGITS = 12, CURRENCY_DIGITS = 3 };
#define ORDER_LAST 999999999999u
#define AMOUNT_LAST 999999999999u
#define TIMEOUT_MS 30000u

// ---- what the plugin is -----------------------------------------------------------------------------------------

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

// ---- what it sends ----------------------------------------------------------------------------------------------

// The first nodes of every message, numbered alike in all, so that one state speaks for a sale and its reversal.
enum { TERMINAL, ORDER, AMOUNT, CURRENCY, SHARED };

// A piece of a body: bytes that are always the same, one of the shared nodes, card data, or why money is taken back.
typedef struct {
    enum { ALWAYS, SHARED_NODE, CARD, WHY } is;
    plugin_list_u8_t bytes;
    uint32_t which;
} piece_t;
#define PUT(literal) {.is = ALWAYS, .bytes = TEXT(literal)}
#define NODE(node) {.is = SHARED_NODE, .which = (node)}
#define HOLE(secret) {.is = CARD, .which = TEMPLATE_SECRET_##secret}

static const piece_t ECHO[] = {
    PUT("{\"terminal\":\""), NODE(TERMINAL), PUT("\",\"order\":\""), NODE(ORDER), PUT("\"}"),
};
static const piece_t SALE[] = {
    PUT("{\"terminal\":\""), NODE(TERMINAL),
    PUT("\",\"order\":\""), NODE(ORDER),
    PUT("\",\"amount\":\""), NODE(AMOUNT),
    PUT("\",\"currency\":\""), NODE(CURRENCY),
    PUT("\",\"card\":\""), HOLE(PAN),
    PUT("\",\"expiry\":\""), HOLE(EXPIRY),
    PUT("\"}"),
};
static const piece_t REVERSAL[] = {
    PUT("{\"terminal\":\""), NODE(TERMINAL),
    PUT("\",\"order\":\""), NODE(ORDER),
    PUT("\",\"amount\":\""), NODE(AMOUNT),
    PUT("\",\"currency\":\""), NODE(CURRENCY),
    PUT("\",\"reason\":\""), {.is = WHY},
    PUT("\"}"),
};

// Why money is taken back, in the order of `template.undo-reason`.
static template_reason_bytes_t REASONS[] = {
    {TEMPLATE_UNDO_REASON_NO_ANSWER, TEXT("98")},    {TEMPLATE_UNDO_REASON_BAD_MAC, TEXT("A0")},
    {TEMPLATE_UNDO_REASON_MALFUNCTION, TEXT("96")},  {TEMPLATE_UNDO_REASON_CARD_REFUSED, TEXT("06")},
    {TEMPLATE_UNDO_REASON_CANCELLED, TEXT("17")},
};

typedef struct {
    plugin_list_u8_t shared[SHARED];
} values_t;

static template_message_t compose(const piece_t *pieces, size_t count, plugin_string_t target, const values_t *values) {
    template_node_t *nodes = malloc((SHARED + count + 3) * sizeof *nodes);
    uint32_t *body = malloc(count * sizeof *body);
    uint32_t next = 0;
    for (; next < SHARED; next++) nodes[next] = (template_node_t){TEMPLATE_NODE_LITERAL, {.literal = values->shared[next]}};
    for (size_t at = 0; at < count; at++) {
        const piece_t *piece = &pieces[at];
        body[at] = piece->is == SHARED_NODE ? piece->which : next;
        switch (piece->is) {
        case SHARED_NODE: break;
        case ALWAYS: nodes[next++] = (template_node_t){TEMPLATE_NODE_LITERAL, {.literal = piece->bytes}}; break;
        case WHY: nodes[next++] = (template_node_t){TEMPLATE_NODE_REASON, {.reason = LIST(REASONS)}}; break;
        case CARD:
            nodes[next++] = (template_node_t){
                TEMPLATE_NODE_SECRET,
                {.secret = {.secret = (uint8_t)piece->which, .encoding = TEMPLATE_ENCODING_ASCII}},
            };
        }
    }
    uint32_t whole = next, seal = next + 1, header = next + 2;
    nodes[whole] = (template_node_t){TEMPLATE_NODE_CONCAT, {.concat = {body, count}}};
    nodes[seal] = (template_node_t){
        TEMPLATE_NODE_MAC, {.mac = {whole, TEMPLATE_MAC_ALGORITHM_HMAC_SHA256, SEAL_KEY}},
    };
    nodes[header] = (template_node_t){TEMPLATE_NODE_TEXT, {.text = {seal, TEMPLATE_TEXT_ENCODING_HEX_UPPER}}};
    template_http_header_t *headers = malloc(sizeof *headers);
    headers[0] = (template_http_header_t){SEAL_HEADER, header};
    return (template_message_t){
        {nodes, next + 3}, whole, {true, {TEXT("POST"), target, {headers, 1}}},
    };
}
#define COMPOSE(pieces, target, values) \
    compose(pieces, sizeof(pieces) / sizeof(*(pieces)), (plugin_string_t)TEXT(target), values)

// The HMAC of an answer: its header, over all of its body.
static acquirer_proof_t proof_of_seal(void) {
    template_node_t *over = malloc(sizeof *over);
    over[0] = (template_node_t){TEMPLATE_NODE_RECEIVED, {.received = {0, 0}}};
    return (acquirer_proof_t){ACQUIRER_PROOF_SEAL, {.seal = {
        {over, 1},
        {ACQUIRER_CLAIM_HEADER_HEX, {.header_hex = SEAL_HEADER}},
        {ACQUIRER_SEAL_ALGORITHM_MAC, {.mac = TEMPLATE_MAC_ALGORITHM_HMAC_SHA256}},
        SEAL_KEY,
    }}};
}

static acquirer_proof_t proof_of_echo(acquirer_echoed_t what, uint32_t node, template_extent_t got) {
    return (acquirer_proof_t){ACQUIRER_PROOF_ECHO, {.echo = {what, node, got}}};
}

// Where an answer about money has its members: before `result` all are of fixed length.
static const template_extent_t TERMINAL_AT = {13, 21}, ORDER_AT = {32, 44}, AMOUNT_AT = {56, 68};
enum { RESULT_AT = 68 };

// How the terminal reads the answer to a reversal by itself.
static const struct {
    plugin_list_u8_t result;
    acquirer_meaning_t means;
} READINGS[] = {
    {TEXT("\",\"result\":\"reversed\""), ACQUIRER_MEANING_PAID},
    {TEXT("\",\"result\":\"unknown-order\""), ACQUIRER_MEANING_UNMATCHED},
    {TEXT("\",\"result\":\"declined\""), ACQUIRER_MEANING_REFUSED},
};

static acquirer_standby_t standby(const values_t *values) {
    size_t count = sizeof READINGS / sizeof *READINGS;
    acquirer_reading_t *answers = malloc(count * sizeof *answers);
    for (size_t at = 0; at < count; at++) {
        acquirer_bytes_at_t *place = malloc(sizeof *place);
        *place = (acquirer_bytes_at_t){RESULT_AT, READINGS[at].result};
        acquirer_proof_t *proofs = malloc(4 * sizeof *proofs);
        proofs[0] = proof_of_seal();
        proofs[1] = proof_of_echo(ACQUIRER_ECHOED_TERMINAL, TERMINAL, TERMINAL_AT);
        proofs[2] = proof_of_echo(ACQUIRER_ECHOED_TRACE, ORDER, ORDER_AT);
        proofs[3] = proof_of_echo(ACQUIRER_ECHOED_AMOUNT, AMOUNT, AMOUNT_AT);
        answers[at] = (acquirer_reading_t){
            {.status = {true, 200}, .at = {place, 1}}, {proofs, 4}, READINGS[at].means,
        };
    }
    return (acquirer_standby_t){
        .route = ROUTE,
        .message = COMPOSE(REVERSAL, "/v1/reversals", values),
        .timeout = TIMEOUT_MS,
        .answers = {answers, count},
    };
}

// ---- beginning an operation -------------------------------------------------------------------------------------

static bool fail(types_fault_t *fault, uint8_t tag, plugin_string_t why) {
    // All but `malformed` hold a sentence, in the same place.
    *fault = (types_fault_t){tag, {.unsupported = why}};
    return false;
}
#define FAIL(tag, why) fail(fault, TYPES_FAULT_##tag, (plugin_string_t)TEXT(why))

static bool same(plugin_string_t one, plugin_string_t other) {
    return one.len == other.len && memcmp(one.ptr, other.ptr, one.len) == 0;
}

static plugin_list_u8_t digits(uint64_t number, size_t width) {
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
    acquirer_exchange_t exchange = {.message = COMPOSE(ECHO, "/v1/echo", values), .gravity = TRANSACTION_GRAVITY_ASKS};
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
        .message = COMPOSE(SALE, "/v1/sales", values),
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
        template_message_t message = COMPOSE(REVERSAL, "/v1/reversals", values);
        uint8_t reason = asked->reason.is_some ? asked->reason.val : TEMPLATE_UNDO_REASON_NO_ANSWER;
        for (size_t node = 0; node < message.nodes.len; node++) {
            if (message.nodes.ptr[node].tag != TEMPLATE_NODE_REASON) continue;
            message.nodes.ptr[node] = (template_node_t){TEMPLATE_NODE_LITERAL, {.literal = REASONS[reason].bytes}};
        }
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

// ---- what it hears ----------------------------------------------------------------------------------------------

// The members an answer may have, and what people call them.
enum { GOT_TERMINAL, GOT_ORDER, GOT_AMOUNT, GOT_RESULT, GOT_CODE, GOT_AUTHORIZATION, GOT_REFERENCE, MEMBERS };
static const struct {
    plugin_string_t name, title;
} MEMBER[MEMBERS] = {
    {TEXT("terminal"), TEXT("terminal")},
    {TEXT("order"), TEXT("order")},
    {TEXT("amount"), TEXT("amount")},
    {TEXT("result"), TEXT("result")},
    {TEXT("code"), TEXT("response code")},
    {TEXT("authorization"), TEXT("authorisation code")},
    {TEXT("reference"), TEXT("retrieval reference")},
};

typedef struct {
    plugin_string_t text;
    template_extent_t at;
} member_t;
typedef struct {
    member_t members[MEMBERS];
} answer_t;

typedef enum { APPROVED, DECLINED } verdict_t;
static const struct {
    plugin_string_t code;
    verdict_t verdict;
    acquirer_reason_t reason;
    plugin_string_t sentence;
} CODES[] = {
    {TEXT("00"), APPROVED, ACQUIRER_REASON_OTHER, TEXT("approved")},
    {TEXT("51"), DECLINED, ACQUIRER_REASON_INSUFFICIENT_FUNDS, TEXT("not enough money")},
    {TEXT("54"), DECLINED, ACQUIRER_REASON_EXPIRED_CARD, TEXT("the card has expired")},
    {TEXT("61"), DECLINED, ACQUIRER_REASON_LIMIT_EXCEEDED, TEXT("over the card's limit")},
    {TEXT("91"), DECLINED, ACQUIRER_REASON_ISSUER_UNAVAILABLE, TEXT("the issuer cannot be reached")},
    {TEXT("94"), DECLINED, ACQUIRER_REASON_DUPLICATE, TEXT("the acquirer has seen this order before")},
    {TEXT("96"), DECLINED, ACQUIRER_REASON_ACQUIRER_UNAVAILABLE, TEXT("the acquirer cannot go on")},
};

static bool is(const member_t *member, const char *word) {
    size_t length = strlen(word);
    return member->text.len == length && memcmp(member->text.ptr, word, length) == 0;
}

// A quoted string without escapes; HelloPay writes no others. Moves behind it.
static bool quoted(plugin_list_u8_t body, size_t *at, member_t *string) {
    if (*at >= body.len || body.ptr[*at] != '"') return false;
    size_t start = *at + 1, end = start;
    while (end < body.len && body.ptr[end] != '"') {
        if (body.ptr[end] < ' ' || body.ptr[end] > '~' || body.ptr[end] == '\\') return false;
        end++;
    }
    if (end >= body.len) return false;
    *string = (member_t){{body.ptr + start, end - start}, {(int32_t)start, (int32_t)end}};
    *at = end + 1;
    return true;
}

static bool expect(plugin_list_u8_t body, size_t *at, uint8_t byte) {
    if (*at >= body.len || body.ptr[*at] != byte) return false;
    (*at)++;
    return true;
}

// One object of strings, each member once, and nothing behind it. `at` is where it could not be read on.
static bool read_members(plugin_list_u8_t body, answer_t *answer, size_t *at) {
    *answer = (answer_t){0};
    *at = 0;
    if (!expect(body, at, '{')) return false;
    do {
        member_t name, value;
        if (!quoted(body, at, &name) || !expect(body, at, ':') || !quoted(body, at, &value)) return false;
        for (size_t known = 0; known < MEMBERS; known++) {
            if (!same(name.text, MEMBER[known].name)) continue;
            if (answer->members[known].text.ptr != NULL) return false;
            answer->members[known] = value;
        }
    } while (expect(body, at, ','));
    return expect(body, at, '}') && *at == body.len;
}

static bool malformed(types_fault_t *fault, plugin_string_t path, size_t offset, plugin_string_t reason) {
    *fault = (types_fault_t){TYPES_FAULT_MALFORMED, {.malformed = {path, (uint32_t)offset, reason}}};
    return false;
}

static bool hear(acquirer_reply_t *reply, answer_t *answer, types_fault_t *fault) {
    size_t at = 0;
    if (reply->status != 200) {
        return malformed(fault, (plugin_string_t)TEXT("status"), 0, (plugin_string_t)TEXT("only 200 is an answer"));
    }
    if (!read_members(reply->body, answer, &at)) {
        plugin_string_t why = TEXT("one object of plain strings, each once, is expected");
        return malformed(fault, (plugin_string_t)TEXT("body"), at, why);
    }
    static const size_t NEEDED[] = {GOT_TERMINAL, GOT_ORDER, GOT_RESULT};
    for (size_t need = 0; need < sizeof NEEDED / sizeof *NEEDED; need++) {
        if (answer->members[NEEDED[need]].text.ptr != NULL) continue;
        return malformed(fault, MEMBER[NEEDED[need]].name, 0, (plugin_string_t)TEXT("it is missing"));
    }
    return true;
}

// The seal, and an echo of all that came back. The terminal finds them true or holds the outcome to be unknown: an
// answer about another order proves nothing here.
static acquirer_list_proof_t prove(const answer_t *answer) {
    static const struct {
        size_t member;
        acquirer_echoed_t what;
        uint32_t node;
    } ECHOES[] = {
        {GOT_TERMINAL, ACQUIRER_ECHOED_TERMINAL, TERMINAL},
        {GOT_ORDER, ACQUIRER_ECHOED_TRACE, ORDER},
        {GOT_AMOUNT, ACQUIRER_ECHOED_AMOUNT, AMOUNT},
    };
    acquirer_proof_t *proofs = malloc(4 * sizeof *proofs);
    size_t count = 0;
    proofs[count++] = proof_of_seal();
    for (size_t at = 0; at < sizeof ECHOES / sizeof *ECHOES; at++) {
        const member_t *got = &answer->members[ECHOES[at].member];
        if (got->text.len > 0) proofs[count++] = proof_of_echo(ECHOES[at].what, ECHOES[at].node, got->at);
    }
    return (acquirer_list_proof_t){proofs, count};
}

static acquirer_outcome_t unknown(plugin_string_t code) {
    return (acquirer_outcome_t){ACQUIRER_OUTCOME_UNKNOWN, {.unknown = {code, ACQUIRER_OWED_REVERSAL}}};
}

// Result and code must say the same; whatever is not in the table of codes is unknown, never declined.
static acquirer_outcome_t sale_outcome(const answer_t *answer, types_amount_t amount) {
    plugin_string_t code = answer->members[GOT_CODE].text;
    for (size_t at = 0; at < sizeof CODES / sizeof *CODES; at++) {
        if (!same(code, CODES[at].code)) continue;
        if (CODES[at].verdict == APPROVED && is(&answer->members[GOT_RESULT], "approved")) {
            return (acquirer_outcome_t){ACQUIRER_OUTCOME_APPROVED, {.approved = {
                .amount = amount,
                .authorization = answer->members[GOT_AUTHORIZATION].text,
                .retrieval_reference = answer->members[GOT_REFERENCE].text,
            }}};
        }
        if (CODES[at].verdict == DECLINED && is(&answer->members[GOT_RESULT], "declined")) {
            return (acquirer_outcome_t){ACQUIRER_OUTCOME_DECLINED, {.declined = {
                .code = code, .reason = CODES[at].reason, .message = CODES[at].sentence,
            }}};
        }
    }
    return unknown(code);
}

static acquirer_outcome_t reversal_outcome(const answer_t *answer) {
    plugin_string_t code = answer->members[GOT_CODE].text;
    const member_t *result = &answer->members[GOT_RESULT];
    if (is(result, "reversed")) return (acquirer_outcome_t){ACQUIRER_OUTCOME_ACKNOWLEDGED, {.acknowledged = code}};
    if (is(result, "unknown-order")) return (acquirer_outcome_t){ACQUIRER_OUTCOME_UNMATCHED, {.unmatched = code}};
    if (is(result, "declined")) return (acquirer_outcome_t){ACQUIRER_OUTCOME_REFUSED, {.refused = code}};
    return unknown(code);
}

static acquirer_outcome_t echo_outcome(const answer_t *answer) {
    if (is(&answer->members[GOT_RESULT], "alive")) return (acquirer_outcome_t){.tag = ACQUIRER_OUTCOME_DONE};
    return (acquirer_outcome_t){ACQUIRER_OUTCOME_DECLINED, {.declined = {
        .code = answer->members[GOT_CODE].text, .reason = ACQUIRER_REASON_OTHER,
    }}};
}

bool acquirer_resume(
    transaction_context_t *context, transaction_operation_t *operation, plugin_list_u8_t *state,
    acquirer_event_t *event, acquirer_step_t *step, types_fault_t *fault
) {
    (void)context;
    answer_t answer;
    if (event->tag != ACQUIRER_EVENT_RECEIVED) return FAIL(INTERNAL, "only an answer can follow a message here");
    if (state->len != ORDER_DIGITS) return FAIL(INTERNAL, "the state is not one this plugin returned");
    if (!hear(&event->val.received, &answer, fault)) return false;
    acquirer_outcome_t outcome;
    switch (operation->tag) {
    case TRANSACTION_OPERATION_MAINTAIN: outcome = echo_outcome(&answer); break;
    case TRANSACTION_OPERATION_PAY: outcome = sale_outcome(&answer, operation->val.pay.amount); break;
    case TRANSACTION_OPERATION_FOLLOW_UP: outcome = reversal_outcome(&answer); break;
    default: return FAIL(UNSUPPORTED, "this plugin does not do this operation");
    }
    acquirer_tuple2_name_string_t *reference = malloc(sizeof *reference);
    *reference = (acquirer_tuple2_name_string_t){ORDER_COUNTER, {state->ptr, state->len}};
    *step = (acquirer_step_t){
        .state = *state,
        .proofs = prove(&answer),
        .reference = {reference, 1},
        .action = {ACQUIRER_ACTION_FINISH, {.finish = outcome}},
    };
    return true;
}

// Names for the members of a masked body, in the order of the protocol.
bool inspector_read(plugin_list_u8_t *frame, inspector_list_field_t *fields, inspector_fault_t *fault) {
    answer_t answer;
    size_t at;
    if (!read_members(*frame, &answer, &at)) {
        plugin_string_t why = TEXT("one object of plain strings, each once, is expected");
        return malformed(fault, (plugin_string_t)TEXT("body"), at, why);
    }
    *fields = (inspector_list_field_t){malloc(MEMBERS * sizeof *fields->ptr), 0};
    for (size_t known = 0; known < MEMBERS; known++) {
        if (answer.members[known].text.ptr == NULL) continue;
        fields->ptr[fields->len++] = (inspector_field_t){
            MEMBER[known].name, MEMBER[known].title, answer.members[known].text, TEXT(""),
        };
    }
    return true;
}

// ---- what it does about silence ---------------------------------------------------------------------------------

enum { TRIES_WHILE_WAITING = 3, TRIES_BEFORE_HELP = 3, LONGEST_DOUBLING = 5 };
#define SHORT_WAIT_MS 1000u
#define DEBT_WAIT_MS 2000u

// At once the first time, then 2, 4, 8 ... 64 seconds.
static uint32_t debt_wait(size_t failed) {
    if (failed == 0) return 0;
    return DEBT_WAIT_MS << (failed - 1 < LONGEST_DOUBLING ? failed - 1 : LONGEST_DOUBLING);
}

// What may have moved money is reversed; what never left may be sent again; a debt is always tried again.
void retry_policy_decide(
    transaction_context_t *context, retry_policy_situation_t *situation, retry_policy_decision_t *decision
) {
    (void)context;
    retry_policy_list_attempt_t attempts = situation->attempts;
    for (size_t at = 0; at < attempts.len; at++) {
        if (attempts.ptr[at].gravity == TRANSACTION_GRAVITY_MOVES_MONEY &&
            attempts.ptr[at].delivery != RETRY_POLICY_DELIVERY_NOT_SENT) {
            *decision = (retry_policy_decision_t){.tag = RETRY_POLICY_DECISION_REVERSE};
            return;
        }
    }
    bool is_debt = situation->operation == TRANSACTION_OPERATION_KIND_REVERSE;
    uint32_t wait = is_debt ? debt_wait(attempts.len) : SHORT_WAIT_MS;
    *decision = is_debt || attempts.len < TRIES_WHILE_WAITING
        ? (retry_policy_decision_t){RETRY_POLICY_DECISION_RESEND, {.resend = {ROUTE, wait}}}
        : (retry_policy_decision_t){.tag = RETRY_POLICY_DECISION_FAIL};
}

void retry_policy_wait(transaction_context_t *context, retry_policy_debt_t *debt, retry_policy_patience_t *patience) {
    (void)context;
    bool call_for_help = debt->attempts.len >= TRIES_BEFORE_HELP || debt->refusals.len > 0;
    *patience = (retry_policy_patience_t){debt_wait(debt->attempts.len), ROUTE, call_for_help};
}
