// What HelloPay hears.

#include "hellopay.h"

#include <stdlib.h>
#include <string.h>

// The members an answer may have, then those of requests alone, and what people call them.
enum {
    GOT_TERMINAL, GOT_ORDER, GOT_AMOUNT, GOT_RESULT, GOT_CODE, GOT_AUTHORIZATION, GOT_REFERENCE, GOT_CURRENCY, GOT_REASON,
    MEMBERS
};
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
    {TEXT("currency"), TEXT("currency")},
    {TEXT("reason"), TEXT("reason of a reversal")},
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

static bool about_answer(
    transaction_operation_t *operation, const answer_t *answer, acquirer_outcome_t *outcome, types_fault_t *fault
) {
    switch (operation->tag) {
    case TRANSACTION_OPERATION_MAINTAIN: *outcome = echo_outcome(answer); return true;
    case TRANSACTION_OPERATION_PAY: *outcome = sale_outcome(answer, operation->val.pay.amount); return true;
    case TRANSACTION_OPERATION_FOLLOW_UP: *outcome = reversal_outcome(answer); return true;
    default: return FAIL(UNSUPPORTED, "this plugin does not do this operation");
    }
}

// Whoever sent another status than 200 need not know what became of the order.
static acquirer_outcome_t about_nothing(const transaction_operation_t *operation, uint16_t status) {
    plugin_list_u8_t number = digits(status, 3);
    plugin_string_t code = {number.ptr, number.len};
    if (operation->tag != TRANSACTION_OPERATION_MAINTAIN) return unknown(code);
    return (acquirer_outcome_t){ACQUIRER_OUTCOME_DECLINED, {.declined = {
        .code = code, .reason = ACQUIRER_REASON_OTHER,
    }}};
}

bool acquirer_resume(
    transaction_context_t *context, transaction_operation_t *operation, plugin_list_u8_t *state,
    acquirer_event_t *event, acquirer_step_t *step, types_fault_t *fault
) {
    (void)context;
    if (event->tag != ACQUIRER_EVENT_RECEIVED) return FAIL(INTERNAL, "only an answer can follow a message here");
    if (state->len != ORDER_DIGITS) return FAIL(INTERNAL, "the state is not one this plugin returned");
    acquirer_reply_t *reply = &event->val.received;
    acquirer_list_proof_t proofs = {NULL, 0};
    acquirer_outcome_t outcome;
    if (reply->status == 200) {
        answer_t answer;
        if (!hear(reply, &answer, fault) || !about_answer(operation, &answer, &outcome, fault)) return false;
        proofs = prove(&answer);
    } else {
        outcome = about_nothing(operation, reply->status);
    }
    acquirer_tuple2_name_string_t *reference = malloc(sizeof *reference);
    *reference = (acquirer_tuple2_name_string_t){ORDER_COUNTER, {state->ptr, state->len}};
    *step = (acquirer_step_t){
        .state = *state,
        .proofs = proofs,
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
