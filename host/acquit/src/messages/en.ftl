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
operation-sign-in = Sign-in
operation-sign-off = Sign-off
operation-echo = Echo test
operation-download = Download
operation-sale = Sale
operation-preauthorize = Pre-authorisation
operation-scan-to-pay = Code payment, scanned by the shop
operation-show-to-pay = Code payment, scanned by the customer
operation-balance = Balance
operation-void = Void
operation-refund = Refund
operation-complete = Completion
operation-cancel-preauthorization = Pre-authorisation cancelled
operation-cancel-completion = Completion cancelled
operation-reverse = Reversal
operation-inquire = Inquiry
operation-tip = Tip
operation-report-scripts = Script report
operation-settle = Settlement
operation-upload = Batch upload
outcome-approved = approved
outcome-declined = declined
outcome-unknown = OUTCOME UNKNOWN
outcome-not-sent = not sent
outcome-done = done
undo-no-answer = no answer came
undo-bad-mac = the answer could not be proven
undo-malfunction = the terminal failed
undo-card-refused = the card refused
undo-cancelled = cancelled

## The terminal's screen

screen-welcome = Ready
screen-present-card = { $amount } - please present your card
screen-present-code = Show the code to pay { $amount }
screen-enter-pin = { $amount } - please enter your PIN
screen-processing = Please wait
screen-approved = Approved
screen-declined = Declined: { $sentence }
screen-unknown = Outcome unknown. Please do not pay again yet.
screen-use-chip = This card has a chip. Please insert it.
screen-swipe-instead = The chip cannot be read. Please swipe the card.
screen-try-again = The card could not be read. Please try again.
screen-remove-card = Please take your card
screen-cancelled = Cancelled. Nothing was charged.
screen-reader-busy = The reader still has the card of another payment. Nothing was charged: begin again when that one is over.
screen-card-removed = The card was taken too early. Nothing was charged.
screen-card-unreadable = The card cannot be read. Nothing was charged.
screen-owed = owed: { $count }
screen-exposure = not yet delivered: { $amount }, { $count ->
        [one] one offline payment
       *[other] { $count } offline payments
    } of { $acquirer }
screen-escalated = { $count ->
        [one] One debt needs
       *[other] { $count } debts need
    } attention: see `acquit owed`
screen-partial = Only { $approved } of { $asked } is approved. Take it? Within { $seconds } s: acquit answer yes { $transaction } (or no)
screen-show-code = Scan to pay: { $code }
screen-settling = Settling with { $acquirer }

## Sign-in

sign-in-start = Signing in to { $acquirer }
sign-in-done = Signed in to { $acquirer }
sign-in-keys = Work keys { $keys }: check values verified
sign-in-batch = Batch { $batch }
sign-in-declined = { $acquirer } refused the sign-in ({ $code }). No payment is taken until it succeeds.
sign-in-unknown = { $acquirer } did not answer the sign-in. Check the network; the terminal will try again.
sign-in-bad-keys = A work key of { $acquirer } does not match its check value. All its work keys were dropped; no payment is taken until a sign-in succeeds.
errand-done-sign-off = Signed off from { $acquirer }
errand-done-echo = { $acquirer } is there
errand-done-download = { $acquirer } has sent what was asked for
errand-done-advise = { $acquirer } has been told
errand-done-other = Done
errand-refused = { $acquirer } refused: { $reason } ({ $code })
errand-failed = { $acquirer } could not be reached, or did not answer in a way that can be proven. Nothing was changed; try again.

## A sale, to the cashier

sale-identity = Transaction { $transaction }
sale-approved = Approved: { $amount }
sale-approved-in-part = Approved for { $amount } only; { $missing } is still to be paid
sale-declined = Declined: { $reason }
sale-declined-customer = To the customer: { $sentence }
sale-declined-cashier = Next: { $step }
sale-unknown = Outcome unknown: { $amount }. Do not do it again until the terminal has found out.
sale-not-sent = It did not leave the terminal. Nothing was charged; it may be tried again.
sale-repeated = Transaction { $transaction } is known; this is its result. Nothing was charged again.
sale-other-amount = Transaction { $transaction } is known with another amount, { $amount }. Use a new identity for a new payment.
sale-bad-amount = "{ $text }" is not an amount. Write it as { $example }.
sale-other-operation = Transaction { $transaction } is known as another operation: { $operation }. Use a new identity.
sale-tip-too-large = The tip must be less than the amount: the amount is all that is to be taken, with the tip in it.
sale-balance = Balance: { $amount }
sale-balance-negative = Balance: { $amount } overdrawn
sale-held = Held: { $amount }. Take it with `acquit complete --of { $transaction }`.
sale-offline = Approved offline: { $amount }. { $acquirer } has not heard of it yet; the terminal delivers it by itself.
sale-found-out = It was unknown; now it is certain.
sale-stopped-waiting = Nobody waits any more. What may have been taken is taken back by the terminal.
sale-card-refused = The card refused after { $acquirer } had approved. The terminal takes { $amount } back.
sale-other-amount-approved = { $acquirer } approved { $approved } only, which was not taken. The terminal takes it back.
sale-wrong-ceiling = The amount is zero or over this terminal's limit. Nothing was charged.
sale-unsupported = { $acquirer } does not do this operation on this terminal.
sale-plugin-failed = The plugin of { $acquirer } failed or asked for what is not allowed. Nothing was sent. Call service.
following-amount-needed = Say how much: the terminal does not know the original.
following-original-unknown = The original transaction is not known on this terminal. Check its identity; one made elsewhere is typed in from its receipt.
following-not-fit-kind = The original is not of a kind that this can follow.
following-not-fit-not-approved = The original was not approved, so there is nothing to take back or complete.
following-not-fit-other-batch = The original's batch is settled. Give the money back with `acquit refund`.
following-not-fit-unresolved = What became of the original, or of what followed it, is not known yet. Wait until `acquit owed` is empty, then look with `acquit explain`.
following-not-fit-other-acquirer = The original was made at another acquirer.
following-not-fit-typed = What was typed is not what { $acquirer } needs for this, or this terminal does not allow originals made elsewhere.
following-already-done = That has been done already. `acquit explain` tells how.
following-other-card = This is another card than the one of the original. Use that card.
following-too-much = That is more than is left of the original.
following-card-gone = The card data of the original is not kept any more, and no card was presented. Do it with the card.
following-inquired-approved = Found out: it was approved, { $amount }.
following-inquired-declined = Found out: it was declined.
cancelled-nothing = Nobody waits for { $transaction }. Nothing was changed; `acquit explain { $transaction }` tells what became of it.
answered-no-question = The terminal asks nothing just now.
answered-which = Several questions are open: { $transactions }. Say which: acquit answer yes ID
answered-yes = Answered: yes
answered-no = Answered: no. It is taken back.
sale-over-ceiling = { $amount } is over this terminal's limit of { $limit }. Nothing was charged.
sale-debts-first = { $acquirer } must first answer for { $count ->
        [one] an earlier payment
       *[other] { $count } earlier payments
    }. No new payment until then.
sale-too-many-refused = { $acquirer } has refused { $count ->
        [one] a reversal
       *[other] { $count } reversals
    }. Call the acquirer before taking new payments.
sale-not-signed-in = Not signed in to { $acquirer }. Sign in, then try again.
sale-suspended = Payments with { $acquirer } are suspended: three answers in a row could not be proven. Call the acquirer.
sale-journal-unreadable = The journal cannot be read in full. No new payment is taken; readable debts are still paid. Call service.
sale-storage-full = The terminal cannot write its journal. Nothing was sent. Free some space, then try again.
sale-no-room = The terminal's storage is nearly full. Nothing was sent. The rest is kept for debts, which are still paid; free some space before the next payment.
sale-no-devices = This terminal has no card reader. It can pay its debts, but take no payment.
receipt-not-printed = The receipt was not printed: { $problem }. The payment stands.

## Debts

owed = owed: { $count }
owed-paying = Paying what is owed to { $acquirer }: { $count }
owed-line = { $kind }, { $amount }, trace { $trace }, transaction { $transaction }: { $state }
owed-kind-reversal = Reversal
owed-kind-inquiry = Inquiry
owed-kind-repetition = Repetition
owed-kind-advice = Advice
owed-kind-script-report = Script report
owed-since = since { $time }
owed-escalated = needs attention: call { $acquirer }
owed-exposure = { $acquirer }: { $amount } in { $count ->
        [one] one payment
       *[other] { $count } payments
    } not yet delivered
owed-state-unheard = no proven answer yet, { $attempts ->
        [one] tried once
       *[other] tried { $attempts } times
    }
owed-state-refused = refused by the acquirer ({ $code }), still owed
owed-state-unmatched = unknown to the acquirer ({ $code }), open until settlement

## A debt given up

waive-done = Waived: the reversal of { $amount } for transaction { $transaction }. It is not tried any more; reason and signature stay in the journal.
waive-unknown = There is no debt { $debt }. `acquit owed` lists those there are.
waive-paid = { $debt } was acknowledged by the acquirer. Nothing is owed any more, so there is nothing to waive.
waive-again = { $debt } has been waived already.
waive-reason = A waiver needs a reason: one line of 1 to { $limit } characters.
waive-no-keys = Nobody may waive debts on this terminal. Make a key with `acquit operator new-key`, and write its public key into the configuration: [operator] keys = [...]
waive-other-key = The key { $key } is not among the operator's keys of this terminal. Sign with one that is, or write it into the configuration and start the terminal again.
waive-bad-signature = The signature does not hold for the key { $key }. Nothing was waived.
waive-storage = The terminal cannot write its journal, so nothing is certain. Free some space, then see with `acquit owed` whether the debt is still there.

## The journal, looked at

journal-public-key = Evidence from this terminal is verified with the public key { $key }
journal-anchored = The anchor is made. It remembers { $count } entries; from now on it is asked at every start.
journal-whole = The journal is whole: { $count } entries, { $checkpoints } checkpoints. Checksums, commitments, chain, tree and checkpoints hold.
journal-root = Root { $root }
journal-without-key = The journal's key is missing, so what the entries say was not read: structure, chain and tree alone were checked.
stats-size = { $count ->
        [one] One segment
       *[other] { $count } segments
    } and { $spares } spare, { $entries } entries, { $bytes } on the disk
stats-payment = { $count ->
        [one] One payment
       *[other] { $count } payments
    }, { $bytes } each
stats-room = { $free } free; { $reserve } are kept for debts and settlement
stats-retention = At { $payments } payments a day the space lasts for { $count ->
        [one] a day
       *[other] { $count } days
    }

## Evidence

evidence-written = Evidence of transaction { $transaction }: { $count } entries, in { $file }. Whoever has it verifies it with: acquit evidence verify { $file } --key { $key }
evidence-holds = The evidence holds: { $count ->
        [one] one entry
       *[other] { $count } entries
    } of transaction { $transaction }, in a journal of { $size } signed by { $origin }.
evidence-earlier = The journal only grew since { $count ->
        [one] an earlier signed state
       *[other] { $count } earlier signed states
    }.
evidence-story-follows = The story below follows from these records.
evidence-story-differs = The story below is the journal holder's: this program does not tell the same from these records.
evidence-fails = The evidence does not hold: { $why }

## Receipt

receipt-copy-merchant = MERCHANT COPY
receipt-copy-cardholder = CARDHOLDER COPY
receipt-reprint = COPY - NOT A NEW PAYMENT
receipt-offline = OFFLINE: approved by terminal and card; the acquirer is told as soon as it can be reached.
receipt-tip = of which tip
receipt-asked = asked for
receipt-original = Original
receipt-original-transaction = Original transaction
receipt-original-trace = Original trace
receipt-original-date = Original date
receipt-original-amount = Original amount
receipt-original-typed = typed from its receipt
receipt-original-none = none
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
receipt-issuer = Issuer
receipt-acquiring-bank = Acquiring bank
receipt-note = Note
receipt-transaction = Transaction
receipt-outcome = Outcome
receipt-verified-pin = PIN verified. No signature needed.
receipt-verified-device = Verified on the customer's device. No signature needed.
receipt-signature = Signature
receipt-signature-agreed = I agree to this transaction.
receipt-thanks = Thank you

## Slip of an unknown outcome

unknown-slip-title = OUTCOME UNKNOWN
unknown-slip-do-not-pay = Do not pay again until this has been checked.
unknown-slip-promise = If the card was charged, the terminal takes the money back by itself and keeps trying.
unknown-slip-do-not-repeat = Do not repeat this until it has been checked.
unknown-slip-promise-back = The terminal keeps asking by itself until the acquirer has answered.
unknown-slip-contact = Questions: { $contact }
unknown-slip-keep = Keep this slip and show it when you ask.

## Settlement

settlement-title = Settlement
settlement-done = { $acquirer }: batch { $batch } is settled
settlement-balanced = Balanced: { $acquirer } has the same sums
settlement-unbalanced = Not balanced: the sums of { $acquirer } differ
settlement-uploaded = { $count ->
        [one] One transaction was
       *[other] { $count } transactions were
    } uploaded
settlement-passed-over = Not uploaded, card data gone: ask the acquirer
settlement-carried = Refused and carried over
settlement-closed = Unknown to the acquirer, closed by this settlement
settlement-escalated = Needs attention
settlement-exposure = Not yet delivered
settlement-batch = Batch
settlement-date = Settled
settlement-acquirer = Acquirer
settlement-group = Group { $group }
settlement-no-group = Without a group
settlement-count = { $operation } ({ $count })
settlement-group-balanced = agrees
settlement-group-unbalanced = differs
settlement-group-failed = could not be compared
settlement-nothing = There is nothing in the batch of { $acquirer } to settle.
settlement-differs = The running sums of the batch of { $acquirer } and an independent count of it differ. Nothing was sent. Call service; the journal holds every payment.
settlement-open = A settlement of { $acquirer } is open and comes first. It goes on by itself, and with `acquit settle`.
settlement-debts-first = { $acquirer } has not answered for { $count ->
        [one] one earlier transaction
       *[other] { $count } earlier transactions
    }. The batch stays open until it has; see `acquit owed`.
settlement-unknown = { $acquirer } did not answer the settlement. It stays open and goes on where it stopped, by itself or with `acquit settle`.
settlement-none-yet = There is no settlement of { $acquirer } to print.
open-batch-head = { $acquirer }: batch { $batch }, { $count ->
        [one] one transaction
       *[other] { $count } transactions
    }
open-batch-line = { $time }  { $operation } { $amount }  trace { $trace }  { $transaction }
open-batch-empty = { $acquirer }: batch { $batch } is empty
totals-line = { $acquirer }: { $amount }
totals-batch = in batch { $batch }: { $operation } ({ $count }) { $amount }
totals-exposure = not yet delivered: { $amount }
reprint-nothing = There is no receipt of { $transaction }: nothing was approved, and nothing is in doubt.
reprint-none = There is no receipt to print yet.

## The story of a payment

explain-title = Transaction { $transaction }
explain-summary = { $operation } { $amount }, { $acquirer }, trace { $trace }
explain-no-such = There is no transaction { $transaction } in this journal.
explain-question-customer = Was the customer charged?
explain-customer-charged = Yes, { $amount }.
explain-customer-not-charged = No.
explain-customer-taken-back = No. The acquirer confirmed that { $amount } was taken back or never taken.
explain-customer-unknown = Not known yet. { $amount } may be held on the card.
explain-customer-unmatched = Probably not: the acquirer does not know this payment of { $amount }. Settlement will tell.
explain-customer-held = { $amount } is held on the card. Nothing is taken yet.
explain-customer-asked = No. This only asks.
explain-customer-given-back = No. { $amount } was given back, or let go.
explain-customer-given-back-since = { $amount } was, and has been given back since by { $transaction }.
explain-customer-not-given-back = Nothing was given back. The original stands as it was.
explain-customer-back-undone = Nothing was given back. The acquirer confirmed that this was undone; the original stands.
explain-customer-back-unknown = Whether { $amount } was given back is not known yet.
explain-question-shop = Will the shop be paid?
explain-shop-paid = Yes, { $amount }, with the next settlement.
explain-shop-settled = Yes, { $amount }. It was settled with the acquirer.
explain-shop-not-paid = No.
explain-shop-unknown = Not known yet. Do not count on { $amount }.
explain-shop-held = Not by this alone. Take it with `acquit complete --of { $transaction }`.
explain-shop-unchanged = This changes nothing for the shop.
explain-shop-given-back = { $amount } is taken off the next settlement, or is never paid.
explain-shop-when-told = Yes, { $amount }, once { $acquirer } has been told of it. Until then it is the shop's risk.
explain-shop-lost = Probably not: { $acquirer } does not accept { $amount }, which was approved offline.
explain-question-owed = What is still owed, and by whom?
explain-owed-nothing = Nothing.
explain-owed-reversal = The terminal owes { $acquirer } a reversal of { $amount }.
explain-owed-inquiry = The terminal owes { $acquirer } an inquiry about { $amount }.
explain-owed-repetition = The terminal owes { $acquirer } a repetition of the message about { $amount }.
explain-owed-advice = The terminal owes { $acquirer } an advice of { $amount } that moved without it.
explain-owed-script-report = The terminal owes { $acquirer } a report of what the card made of the issuer's scripts.
explain-owed-refused-other = { $acquirer } did not accept this: { $kind }, { $amount } ({ $code }). It stays owed.
explain-owed-waived-other = Nothing any more. The operator waived this: { $kind }, { $amount }; the acquirer did not acknowledge it.
explain-owed-refused = { $acquirer } owes an explanation: it refused the reversal of { $amount } ({ $code }). It stays owed.
explain-owed-unmatched = { $acquirer } does not know the payment of { $amount } ({ $code }). It stays open until a balanced settlement.
explain-owed-waived = Nothing any more. The operator waived the reversal of { $amount }; the acquirer did not acknowledge it.
explain-customer-waived = Not known. { $amount } may have been charged; the operator waived the reversal, so the terminal does not take it back.
explain-next-waived = What the operator decided: { $reason }
explain-question-next = What to do now?
explain-next-nothing = Nothing. Hand over the goods.
explain-next-rest = { $amount } is still to be paid, in another way. Then hand over the goods.
explain-next-done = Nothing. It is in order.
explain-next-not-done = It was not done. Look at the reason; it may be tried again.
explain-next-wait-back = Do not do it again. Leave the terminal on and connected; it finds out by itself.
explain-next-not-paid = The customer has not paid. Ask for another way to pay, or let them go without the goods.
explain-next-wait = Do not take this payment again. Leave the terminal on and connected; it pays what it owes by itself.
explain-next-call = Call { $acquirer } and name trace { $trace } of { $date }.
explain-next-pay-again = The earlier try is undone. The customer may pay again.
explain-timeline = What happened
explain-followed = Followed by { $operation } { $transaction }: { $outcome }
explain-line = { $time }  { $event }
event-asked = Payment of { $amount } asked for
event-intent = Written down with the message that takes it back: trace { $trace }
event-sent = Sent to { $route }
event-maybe-sent = The connection broke while sending to { $route }; the request may have arrived
event-not-sent = Nothing was sent to { $route }
event-heard = { $acquirer } answered { $code }
event-no-answer = No answer came
event-broken-answer = What came back cannot be read
event-proof-failed = The answer could not be proven: { $proof }
event-late-answer = A late answer came. It was recorded and not applied.
event-plugin-failed = Plugin { $plugin } ({ $digest }) failed; the message written down beforehand is used
event-overruled = The plugin proposed { $proposed }; the safety rules made it { $instead }
event-missing-remedy = The plugin gave no message that takes the payment back. Nothing was sent.
event-clock-went-back = The terminal's clock went back
event-card-data-gone = The card data that the reversal needs is gone from the journal. Only { $acquirer } itself can take the money back.
event-not-uploaded = Left out of the batch upload, since its card data is not kept any more. Ask { $acquirer } whether it has this one.
event-terminal-stopped = The terminal stopped
event-terminal-started = The terminal started again and read its journal
event-reversal-owed = A reversal is owed: { $reason }
event-reversal-sent = Reversal sent to { $route }, try { $attempt }
event-reversal-no-answer = The reversal was not answered. It stays owed.
event-reversal-acknowledged = { $acquirer } took the reversal ({ $code }). Nothing is owed any more.
event-reversal-refused = { $acquirer } refused the reversal ({ $code }). It stays owed.
event-reversal-unmatched = { $acquirer } does not know the original ({ $code }). It stays open until settlement.
event-waived = The operator waived the reversal ({ $reason }), signed by { $key }
event-due = Owed: { $kind }
event-found-out = Found out since. { $outcome }
event-escalated = It has not been taken for long. Somebody should look after it.
event-debt-sent = { $kind } sent to { $route }, try { $attempt }
event-debt-no-answer = { $kind }: no answer came. It stays owed.
event-debt-acknowledged = { $kind }: { $acquirer } took it ({ $code }). It is owed no more.
event-debt-refused = { $kind }: { $acquirer } refused it ({ $code }). It stays owed.
event-debt-unmatched = { $kind }: { $acquirer } does not know the original ({ $code }). It stays open until settlement.
event-debt-waived = { $kind }: waived by the operator ({ $reason }), signed by { $key }
event-books-differ = The terminal's own sums differ: { $why }
event-concluded-approved = Concluded: approved, { $amount }
event-concluded-declined = Concluded: declined, { $reason } ({ $code })
event-concluded-unknown = Concluded: outcome unknown
event-concluded-not-sent = Concluded: not sent, nothing was charged

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

## Key ceremonies

keys-ceremony-begun = Slot { $slot }: its key comes in { $count ->
        [one] one component
       *[other] { $count } components
    }. Each custodian enters one: acquit keys ceremony enter --slot { $slot } --by NAME
keys-ceremony-none = No ceremony is under way.
keys-ceremony-left = { $count ->
        [one] One component is
       *[other] { $count } components are
    } still to come, from another custodian.
keys-ceremony-complete = All components are there. Their key has the check value { $value }: compare it with the acquirer's, then: acquit keys ceremony finish --check-value HEX
keys-ceremony-done = Slot { $slot }: the key with the check value { $value } is loaded; its components are forgotten.
keys-ceremony-abandoned = Slot { $slot }: what was entered is forgotten.
keys-component = { $by }: component for slot { $slot } (not shown):
keys-component-again = The same once more:
keys-component-taken = Component of { $by } taken. Check value { $value }: compare it with yours.
keys-loaded = { $acquirer }: the key of slot { $slot } is loaded.
keys-half-loaded = Slot { $slot }: half of the key pair with the SHA-256 fingerprint { $value } is loaded.
keys-entered = { $by }, { $time }, check value { $value }
keys-slot-holds = { $algorithm }, check value { $value }
keys-slot-empty = nothing loaded
keys-published = A PUBLISHED KEY ({ $where }): anybody has it
