# What people read, in English. `zh.ftl` holds the same ids with the same variables.

## Everywhere

test-banner = TEST - NOT A PAYMENT
entry-manual = typed
entry-stripe = swiped
entry-contact-chip = chip
entry-contactless-chip = contactless
entry-contactless-stripe = contactless stripe
entry-code-scan = code scanned
entry-fell-back = swiped, chip failed
operation-sign-in = sign-in
operation-sale = sale
operation-reverse = reversal
operation-inquire = inquiry
operation-other = other operation
outcome-approved = approved
outcome-declined = declined
outcome-unknown = OUTCOME UNKNOWN
outcome-not-sent = not sent
undo-no-answer = no answer came
undo-bad-mac = the answer could not be proven
undo-malfunction = the terminal failed
undo-card-refused = the card refused
undo-cancelled = cancelled

## The terminal's screen

screen-welcome = Ready
screen-present-card = { $amount } - please swipe your card
screen-enter-pin = { $amount } - please enter your PIN
screen-processing = Please wait
screen-approved = Approved
screen-declined = Declined: { $sentence }
screen-unknown = Outcome unknown. Please do not pay again yet.
screen-use-chip = This card has a chip. Please insert it.
screen-try-again = The card could not be read. Please try again.
screen-remove-card = Please take your card
screen-cancelled = Cancelled. Nothing was charged.
screen-card-removed = The card was taken too early. Nothing was charged.
screen-card-unreadable = The card cannot be read. Nothing was charged.
screen-owed = owed: { $count }

## Sign-in

sign-in-start = Signing in to { $acquirer }
sign-in-done = Signed in to { $acquirer }
sign-in-keys = Work keys { $keys }: check values verified
sign-in-batch = Batch { $batch }
sign-in-declined = { $acquirer } refused the sign-in ({ $code }). No payment is taken until it succeeds.
sign-in-unknown = { $acquirer } did not answer the sign-in. Check the network; the terminal will try again.
sign-in-bad-keys = A work key of { $acquirer } does not match its check value. All its work keys were dropped; no payment is taken until a sign-in succeeds.

## A sale, to the cashier

sale-identity = Transaction { $transaction }
sale-approved = Approved: { $amount }
sale-approved-in-part = Approved for { $amount } only; { $missing } is still to be paid
sale-declined = Declined: { $reason }
sale-declined-customer = To the customer: { $sentence }
sale-declined-cashier = Next: { $step }
sale-unknown = Outcome unknown: { $amount }. Do not pay again until the terminal has found out.
sale-repeated = Transaction { $transaction } is known; this is its result. Nothing was charged again.
sale-other-amount = Transaction { $transaction } is known with another amount, { $amount }. Use a new identity for a new payment.
sale-bad-amount = "{ $text }" is not an amount. Write it as { $example }.
sale-over-ceiling = { $amount } is over this terminal's limit of { $limit }. Nothing was charged.
sale-journal-unreadable = The journal cannot be read in full. No new payment is taken; readable debts are still paid. Call service.
sale-no-devices = This terminal has no card reader. It can pay its debts, but take no payment.
receipt-not-printed = The receipt was not printed: { $problem }. The payment stands.

## Why nothing was sent

not-sent-card-timed-out = Nobody presented a card in time. Nothing was charged.
not-sent-card-unreadable = The card cannot be read. Nothing was charged; ask for another card.
not-sent-card-removed = The card was taken too early. Nothing was charged; try again.
not-sent-card-use-chip = This card has a chip and must be inserted. Nothing was charged.
not-sent-card-reader = The card reader does not work. Nothing was charged; call service.
not-sent-cancelled = Cancelled. Nothing was charged.
not-sent-debts = { $acquirer } must first answer for earlier payments: { $unheard } unanswered, { $refused } refused. Nothing was charged.
not-sent-unreachable = { $acquirer } cannot be reached: { $failure }. Nothing was charged; check the network, then try again.
not-sent-plugin = The plugin of { $acquirer } failed: { $incident }. Nothing was charged; call service.
not-sent-template = The message to { $acquirer } could not be made: { $detail }. Nothing was charged; call service.
not-sent-storage = The journal cannot be used: { $detail }. Nothing was charged; no payment is taken until it is mended.
not-sent-not-signed-in = Not signed in to { $acquirer }. Nothing was charged; sign in, then try again.
not-sent-refused = { $acquirer } refused: { $reason } ({ $code }).
not-sent-bad-check-value = The work key { $key } does not match its check value. All downloaded keys were dropped; sign in again.
not-sent-suspended = Payments with { $acquirer } are suspended: answers in a row could not be proven. Nothing was charged; call the acquirer.
not-sent-amount = The amount is zero or over this terminal's limit. Nothing was charged.
not-sent-interrupted = The terminal stopped before anything was sent. Nothing was charged.
not-sent-unsupported = { $acquirer } does not do that.

## What failed

failure-no-route = no way to the acquirer is set up
failure-connect = no connection
failure-tls = the acquirer's certificate was not accepted
failure-timeout = no answer in time
failure-closed = the connection was closed
failure-malformed = the answer cannot be read
failure-bad-proof = the answer could not be proven
failure-plugin-fault = the plugin failed
failure-cancelled = cancelled
incident-plugin-failed = plugin call failed: { $detail }
incident-illegal-decision = a proposal against the safety rules was replaced: { $detail }
incident-illegal-step = the plugin claimed what is not allowed: { $detail }
incident-missing-remedy = a message that moves money came without the one that takes it back, and was not sent
incident-bad-seal = the seal of the answer did not hold: { $detail }
incident-bad-echo = the answer repeats another { $detail } than was sent
incident-missing-proof = the answer lacks a proof: { $detail }
incident-bad-check-value = key { $detail } does not match its check value
incident-clock-went-back = the terminal's clock went back
party-acquirer = acquirer
party-plugin = plugin
party-terminal = terminal
party-storage = storage
party-operator = operator
doubt-unproven = an answer came and could not be proven
doubt-acquirer = the acquirer itself does not know ({ $code })
doubt-plugin = { $incident }
doubt-other-amount = the acquirer approved another amount, { $amount }
doubt-interrupted = the terminal stopped in between
doubt-storage = the answer could not be written down

## Debts

owed = owed: { $count }
owed-paying = Paying what is owed to { $acquirer }: { $count }
owed-line = { $kind }, { $amount }, trace { $trace }, transaction { $transaction }: { $state }
owed-kind-reversal = Reversal
owed-kind-inquiry = Inquiry
owed-kind-repetition = Repetition
owed-state-unheard = no proven answer yet, { $attempts ->
        [one] tried once
       *[other] tried { $attempts } times
    }
owed-state-refused = refused by the acquirer ({ $code }), still owed
owed-state-unmatched = unknown to the acquirer ({ $code }), open until settlement

## Receipt

receipt-copy-merchant = MERCHANT COPY
receipt-copy-cardholder = CARDHOLDER COPY
receipt-title-sale = SALE
receipt-merchant = Merchant
receipt-merchant-number = Merchant no.
receipt-terminal = Terminal
receipt-acquirer = Acquirer
receipt-operator = Operator
receipt-card = Card
receipt-entry = Entry
receipt-amount = AMOUNT
receipt-date = Date
receipt-batch = Batch
receipt-trace = Trace
receipt-reference = Reference
receipt-authorization = Authorisation
receipt-transaction = Transaction
receipt-outcome = Outcome
receipt-thanks = Thank you

## Slip of an unknown outcome

unknown-slip-title = OUTCOME UNKNOWN
unknown-slip-do-not-pay = Do not pay again until this has been checked.
unknown-slip-promise = If the card was charged, the terminal takes the money back by itself and keeps trying.
unknown-slip-keep = Keep this slip and show it when you ask.

## The story of a payment

explain-no-such = There is no transaction { $transaction } in this journal.
explain-title = Transaction { $transaction }
explain-summary = { $operation } { $amount }, { $acquirer }
explain-errand = { $operation }, { $acquirer }
explain-card = Card { $card }
explain-reference = { $name }: { $value }
explain-question-outcome = How did it end?
explain-outcome-running = It has not ended yet.
explain-outcome-approved = Approved: { $amount }, authorisation { $authorization }, reference { $reference }.
explain-outcome-declined = Declined: { $reason } ({ $code }).
explain-outcome-unknown = Outcome unknown: { $doubt }.
explain-outcome-done = Done.
explain-question-customer = Was the customer charged?
explain-customer-yes = Yes.
explain-customer-no = No.
explain-customer-perhaps = Perhaps. If so, it will be taken back.
explain-customer-taken-back = If so, it has been taken back: the acquirer acknowledged the reversal.
explain-question-shop = Will the shop be paid?
explain-shop-yes = Yes, with the next settlement.
explain-shop-no = No.
explain-shop-open = Not known yet. Do not count on it.
explain-question-owed = What is still owed, and by whom?
explain-owed-nothing = Nothing.
explain-owed-unheard = The terminal owes { $acquirer } the reversal { $debt } since { $since }; { $tries ->
        [0] not yet sent
        [one] sent once
       *[other] sent { $tries } times
    }, no proven answer.
explain-owed-refused = The terminal still owes { $acquirer } the reversal { $debt } since { $since }; the acquirer refused it ({ $codes }) and owes an explanation.
explain-owed-unmatched = { $acquirer } does not know the payment ({ $codes }). The reversal { $debt } stays open until settlement or the statement shows.
explain-question-next = What to do now?
explain-next-nothing = Nothing: it is in order.
explain-next-pay-again = The customer has not paid. Take the payment again, with another card if need be.
explain-next-wait = Do not take this payment again. Leave the terminal on and connected; it pays what it owes by itself.
explain-next-call-acquirer = Call { $acquirer } about this payment. Do not take it again before they have answered.
explain-next-check-settlement = Compare with the next settlement or statement of { $acquirer } before you take the payment again.
explain-timeline = What happened
explain-line = { $time }  { $event }
event-intended = Written down, before anything was sent
event-intended-with-standby = Written down together with the message that takes it back, before anything was sent
event-sent-again = The same message was sent again
event-not-sent = Nothing left the terminal
event-not-sent-because = Nothing left the terminal: { $failure }
event-sent = Sent
event-no-answer = No usable answer: { $failure }
event-heard-proven = An answer came and was proven
event-heard-unproven = An answer came and could not be proven
event-interrupted = The terminal stopped before it was concluded, and found it so when it started again
event-concluded = Concluded
event-reversal-owed = A reversal is owed: { $reason }
event-reversal-tried = Reversal sent, try { $number }
event-reversal-unheard = Reversal, try { $number }: { $failure }. It stays owed.
event-reversal-acknowledged = The acquirer took the reversal ({ $code }). Nothing is owed any more.
event-reversal-refused = The acquirer refused the reversal ({ $code }). It stays owed.
event-reversal-unmatched = The acquirer does not know the original ({ $code }). It stays open until settlement.
event-read-by-standby = { $event } Read without the plugin.
event-incident = Incident ({ $party }): { $incident }

## Declines: the reason, a sentence for the customer, the next step for the cashier

decline-insufficient-funds-reason = Insufficient funds
decline-insufficient-funds-customer = There is not enough money on this account.
decline-insufficient-funds-cashier = Ask for another card, or for a smaller amount.

decline-limit-exceeded-reason = Over the card's limit
decline-limit-exceeded-customer = This payment is over a limit of your card.
decline-limit-exceeded-cashier = Ask for a smaller amount or another card. The customer can ask their bank to raise the limit.

decline-expired-card-reason = Card expired
decline-expired-card-customer = This card has expired.
decline-expired-card-cashier = Check the date on the card and ask for another one.

decline-wrong-pin-reason = Wrong PIN
decline-wrong-pin-customer = The PIN was not right.
decline-wrong-pin-cashier = Start the payment again and let the customer enter the PIN once more.

decline-pin-tries-exceeded-reason = Too many wrong PINs
decline-pin-tries-exceeded-customer = The PIN was wrong too often, and the card is locked for PIN payments.
decline-pin-tries-exceeded-cashier = Do not try this card again. Ask for another one; the customer's bank can unlock it.

decline-invalid-card-reason = Invalid card
decline-invalid-card-customer = This card is not known to its bank.
decline-invalid-card-cashier = Read the card once more; if it is declined again, ask for another one.

decline-lost-or-stolen-reason = Card blocked by its bank
decline-lost-or-stolen-customer = This card cannot be used. Please call your bank.
decline-lost-or-stolen-cashier = Do not try again. Ask for another way to pay, and stay polite and safe.

decline-restricted-card-reason = Restricted card
decline-restricted-card-customer = This card may not be used for this payment.
decline-restricted-card-cashier = Ask for another card.

decline-do-not-honour-reason = Refused by the card's bank
decline-do-not-honour-customer = Your bank has refused this payment. It can tell you why.
decline-do-not-honour-cashier = Ask for another card. Only the customer's bank knows the reason.

decline-call-issuer-reason = Bank asks for a call
decline-call-issuer-customer = Your bank asks you to call before this payment.
decline-call-issuer-cashier = Let the customer call the number on the card, or ask for another card.

decline-invalid-amount-reason = Invalid amount
decline-invalid-amount-customer = The amount was not accepted.
decline-invalid-amount-cashier = Check the amount and enter it again.

decline-invalid-merchant-reason = Shop not registered
decline-invalid-merchant-customer = This shop cannot take this payment at the moment.
decline-invalid-merchant-cashier = Call the acquirer: it does not know the merchant or terminal number.

decline-not-permitted-reason = Not allowed
decline-not-permitted-customer = Your card does not allow this kind of payment.
decline-not-permitted-cashier = Ask for another card or another way to pay.

decline-duplicate-reason = Already received
decline-duplicate-customer = This payment was received before and was not taken again.
decline-duplicate-cashier = Look up the earlier payment before you try again.

decline-issuer-unavailable-reason = Bank cannot be reached
decline-issuer-unavailable-customer = Your bank cannot be reached at the moment. Nothing was charged.
decline-issuer-unavailable-cashier = Try again in a few minutes, or ask for another card.

decline-acquirer-unavailable-reason = Acquirer not available
decline-acquirer-unavailable-customer = Card payments are not possible at the moment. Nothing was charged.
decline-acquirer-unavailable-cashier = Try again in a few minutes; if it goes on, call the acquirer.

decline-cut-over-reason = Day change in progress
decline-cut-over-customer = The bank is closing its day. Nothing was charged.
decline-cut-over-cashier = Try again in a few minutes.

decline-format-error-reason = Message not understood
decline-format-error-customer = The payment could not be processed. Nothing was charged.
decline-format-error-cashier = Try once more; if it is declined again, call the acquirer: the terminal's setting may be wrong.

decline-security-failure-reason = Security check failed
decline-security-failure-customer = The payment could not be secured. Nothing was charged.
decline-security-failure-cashier = Sign in again, then repeat the payment; if it is declined again, call the acquirer.

decline-not-signed-in-reason = Not signed in
decline-not-signed-in-customer = The terminal was not ready. Nothing was charged.
decline-not-signed-in-cashier = Sign in, then repeat the payment.

decline-batch-mismatch-reason = Batch number differs
decline-batch-mismatch-customer = The terminal was not ready. Nothing was charged.
decline-batch-mismatch-cashier = Sign in again to take over the acquirer's batch number, then repeat the payment.

decline-fraud-suspected-reason = Refused for safety
decline-fraud-suspected-customer = Your bank has stopped this payment for safety. Please call your bank.
decline-fraud-suspected-cashier = Do not try this card again. Ask for another way to pay.

decline-original-not-found-reason = Original not found
decline-original-not-found-customer = The earlier payment was not found.
decline-original-not-found-cashier = Check trace, date and amount on the receipt; if they are right, call the acquirer.

decline-other-reason = Declined
decline-other-customer = The payment was declined. Nothing was charged.
decline-other-cashier = Ask for another card or another way to pay; call the acquirer if it goes on.
