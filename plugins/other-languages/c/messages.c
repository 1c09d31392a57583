// What HelloPay sends, how its answers are proven, and how the terminal reads one by itself.

#include "hellopay.h"

#include <stdlib.h>

static const plugin_string_t SEAL_HEADER = TEXT("x-seal");

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

template_message_t echo_message(const values_t *values) { return COMPOSE(ECHO, "/v1/echo", values); }

template_message_t sale_message(const values_t *values) { return COMPOSE(SALE, "/v1/sales", values); }

template_message_t reversal_message(const values_t *values) { return COMPOSE(REVERSAL, "/v1/reversals", values); }

template_message_t reversal_message_for(template_undo_reason_t reason, const values_t *values) {
    template_message_t message = reversal_message(values);
    for (size_t node = 0; node < message.nodes.len; node++) {
        if (message.nodes.ptr[node].tag != TEMPLATE_NODE_REASON) continue;
        message.nodes.ptr[node] = (template_node_t){TEMPLATE_NODE_LITERAL, {.literal = REASONS[reason].bytes}};
    }
    return message;
}

acquirer_proof_t proof_of_seal(void) {
    template_node_t *over = malloc(sizeof *over);
    over[0] = (template_node_t){TEMPLATE_NODE_RECEIVED, {.received = {0, 0}}};
    return (acquirer_proof_t){ACQUIRER_PROOF_SEAL, {.seal = {
        {over, 1},
        {ACQUIRER_CLAIM_HEADER_HEX, {.header_hex = SEAL_HEADER}},
        {ACQUIRER_SEAL_ALGORITHM_MAC, {.mac = TEMPLATE_MAC_ALGORITHM_HMAC_SHA256}},
        SEAL_KEY,
    }}};
}

acquirer_proof_t proof_of_echo(acquirer_echoed_t what, uint32_t node, template_extent_t got) {
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

acquirer_standby_t standby(const values_t *values) {
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
        .message = reversal_message(values),
        .timeout = TIMEOUT_MS,
        .answers = {answers, count},
    };
}
