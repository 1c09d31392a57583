// What HelloPay does about silence.

#include "hellopay.h"

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
