// HelloPay, the demonstration acquirer: JSON over HTTP, every message sealed by an HMAC over its body. The protocol is
// nobody's. Top down: what the plugin is, what it sends, what it hears, what it does about silence.

var ROUTE = "host", SEAL_KEY = "seal", SEAL_HEADER = "x-seal";
var TIMEOUT_MS = 30000, NUMBER_LAST = 999999999999;

// ---- what the plugin is ------------------------------------------------------------------------------------------

function describe() {
    function does(kind) { return { kind: kind, typed: [], keeps: [], proved: true }; }
    return {
        acquirer: "hellopay-js",
        version: "0.1.0",
        operations: [does("echo"), does("sale"), does("reverse")],
        routes: [{ name: ROUTE, framing: "http" }],
        keys: [{ name: SEAL_KEY, algorithms: ["hmac"], scheme: "fixed", uses: [{ mac: "hmacSha256" }] }],
        counters: [{ name: "order", first: 1, last: NUMBER_LAST }],
        parameters: [{
            name: "terminal", required: true, pattern: "[0-9A-Za-z]{8}",
            meaning: "The terminal's number, as HelloPay gave it."
        }]
    };
}

// ---- what it sends -----------------------------------------------------------------------------------------------

// The first nodes of every message, numbered alike in all, so that one state speaks for a sale and its reversal.
var TERMINAL = 0, ORDER = 1, AMOUNT = 2, CURRENCY = 3;
var COMMON = ['{"terminal":"', TERMINAL, '","order":"', ORDER];
var MONEY = ['","amount":"', AMOUNT, '","currency":"', CURRENCY];

function hole(secret) { return { secret: { secret: secret, encoding: "ascii" } }; }

var ECHO = COMMON.concat(['"}']);
var SALE = COMMON.concat(MONEY, ['","card":"', hole("pan"), '","expiry":"', hole("expiry"), '"}']);
function reversalBecause(why) { return COMMON.concat(MONEY, ['","reason":"', why, '"}']); }

var REASONS = { noAnswer: "98", badMac: "A0", malfunction: "96", cardRefused: "06", cancelled: "17" };

// A body of pieces: text, the number of a common node, or a node of its own.
function compose(target, pieces, values) {
    var nodes = values.map(function (value) { return { literal: value }; });
    var body = pieces.map(function (piece) {
        if (typeof piece === "number") return piece;
        nodes.push(typeof piece === "string" ? { literal: piece } : piece);
        return nodes.length - 1;
    });
    var whole = nodes.length;
    nodes.push({ concat: body });
    nodes.push({ mac: { over: whole, algorithm: "hmacSha256", key: SEAL_KEY } });
    nodes.push({ text: { of: whole + 1, encoding: "hexUpper" } });
    var headers = [{ name: SEAL_HEADER, value: whole + 2 }];
    return { nodes: nodes, whole: whole, http: { method: "POST", target: target, headers: headers } };
}

function seal() {
    return { seal: {
        over: [{ received: { start: 0, end: 0 } }],
        claimed: { headerHex: SEAL_HEADER },
        algorithm: { mac: "hmacSha256" },
        key: SEAL_KEY
    } };
}

function echo(what, node, start, end) {
    return { echo: { what: what, sent: node, got: { start: start, end: end } } };
}

// What the terminal keeps, and how it reads the answer by itself: before `result` all members are of fixed length.
function standby(values) {
    var spelled = [];
    for (var reason in REASONS) spelled.push({ reason: reason, bytes: REASONS[reason] });
    function reading(result, means) {
        var proofs = [
            seal(), echo("terminal", TERMINAL, 13, 21), echo("trace", ORDER, 32, 44), echo("amount", AMOUNT, 56, 68)
        ];
        var at = [{ offset: 68, bytes: '","result":"' + result + '"' }];
        return { fits: { status: 200, at: at, holds: [] }, proofs: proofs, means: means };
    }
    return {
        route: ROUTE,
        message: compose("/v1/reversals", reversalBecause({ reason: spelled }), values),
        timeout: TIMEOUT_MS,
        answers: [reading("reversed", "paid"), reading("unknown-order", "unmatched"), reading("declined", "refused")]
    };
}

// ---- beginning an operation --------------------------------------------------------------------------------------

function digits(number, width) {
    var text = String(number);
    while (text.length < width) text = "0" + text;
    return text;
}

function named(pairs, name) {
    for (var at = 0; at < pairs.length; at++) if (pairs[at][0] === name) return pairs[at][1];
    return null;
}

function terminalOf(context) {
    var terminal = named(context.parameters, "terminal");
    if (terminal === null || !/^[0-9A-Za-z]{8}$/.test(terminal)) {
        throw { configuration: "terminal: 8 letters or digits are expected" };
    }
    return terminal;
}

function nextOrder(context) {
    var next = named(context.counters, "order");
    if (next === null || next < 1 || next > NUMBER_LAST) {
        throw { internal: "the next order is not within 1 to 999999999999" };
    }
    return digits(next, 12);
}

function money(amount) {
    if (amount.minor < 1 || amount.minor > NUMBER_LAST) throw { unsupported: "an amount has 1 to 12 digits" };
    return [digits(amount.minor, 12), digits(amount.currency, 3)];
}

// What later steps need to know: the order. It is the state, and the reference that a reversal finds.
function sending(order, exchange) {
    exchange.route = ROUTE;
    exchange.timeout = TIMEOUT_MS;
    return { state: order, proofs: [], effects: [], reference: [["order", order]], action: { send: exchange } };
}

function startEcho(context, terminal) {
    var order = nextOrder(context), message = compose("/v1/echo", ECHO, [terminal, order]);
    return sending(order, { message: message, gravity: "asks", uses: ["order"] });
}

function startSale(context, terminal, payment) {
    var card = payment.card;
    if (payment.kind !== "sale") throw { unsupported: "this plugin does sales only" };
    if (card === null || !card.hasExpiry || card.entry === "codeScan") {
        throw { unsupported: "a sale needs a card and its expiry" };
    }
    var order = nextOrder(context), values = [terminal, order].concat(money(payment.amount));
    return sending(order, {
        message: compose("/v1/sales", SALE, values),
        gravity: "movesMoney",
        uses: ["order"],
        remedy: { undo: standby(values) }
    });
}

// A reversal of which the terminal stored none.
function startReversal(terminal, asked) {
    var original = asked.of.known, order = original && named(original.reference, "order");
    if (asked.kind !== "reverse" || !order) throw { unsupported: "this plugin reverses its own sales, and no more" };
    var why = REASONS[asked.reason || "noAnswer"], values = [terminal, order].concat(money(original.amount));
    return sending(order, { message: compose("/v1/reversals", reversalBecause(why), values), gravity: "owes", uses: [] });
}

function start(context, operation) {
    var terminal = terminalOf(context);
    if (operation.maintain === "echo") return startEcho(context, terminal);
    if (operation.pay) return startSale(context, terminal, operation.pay);
    if (operation.followUp) return startReversal(terminal, operation.followUp);
    throw { unsupported: "this plugin does not do this operation" };
}

// ---- what it hears -----------------------------------------------------------------------------------------------

var CODES = {
    "51": ["insufficientFunds", "not enough money"],
    "54": ["expiredCard", "the card has expired"],
    "61": ["limitExceeded", "over the card's limit"],
    "91": ["issuerUnavailable", "the issuer cannot be reached"],
    "94": ["duplicate", "the acquirer has seen this order before"],
    "96": ["acquirerUnavailable", "the acquirer cannot go on"]
};
var TITLES = {
    terminal: "terminal", order: "order", amount: "amount", result: "result", code: "response code",
    authorization: "authorisation code", reference: "retrieval reference", currency: "currency",
    reason: "reason of a reversal"
};

// One object of plain strings, each once, and nothing behind it; where each value stands.
function members(body) {
    var found = {}, at = 0;
    function fail() {
        throw { malformed: { path: "body", offset: at, reason: "one object of plain strings, each once, is expected" } };
    }
    function take(letter) { if (body[at] !== letter) fail(); at++; }
    function string() {
        take('"');
        var start = at;
        while (at < body.length && body[at] !== '"') {
            if (body[at] < " " || body[at] > "~" || body[at] === "\\") fail();
            at++;
        }
        take('"');
        return { text: body.substring(start, at - 1), start: start, end: at - 1 };
    }
    take("{");
    for (;;) {
        var name = string().text;
        take(":");
        var value = string();
        if (TITLES[name] && found[name]) fail();
        if (typeof TITLES[name] === "string") found[name] = value;
        if (body[at] !== ",") break;
        at++;
    }
    take("}");
    if (at !== body.length) fail();
    return found;
}

function text(found, name) { return found[name] ? found[name].text : ""; }

function hear(reply) {
    var found = members(reply.body);
    ["terminal", "order", "result"].forEach(function (name) {
        if (!found[name]) throw { malformed: { path: name, offset: 0, reason: "it is missing" } };
    });
    return found;
}

// The seal, and an echo of all that came back: an answer about another order proves nothing here.
function proofs(found) {
    var all = [seal()];
    [["terminal", "terminal", TERMINAL], ["order", "trace", ORDER], ["amount", "amount", AMOUNT]].forEach(function (row) {
        var got = found[row[0]];
        if (got && got.end > got.start) all.push(echo(row[1], row[2], got.start, got.end));
    });
    return all;
}

function unknown(code) { return { unknown: { code: code, owed: "reversal" } }; }

// Result and code must say the same; whatever is not in the table of codes is unknown, never declined.
function saleOutcome(found, amount) {
    var code = text(found, "code"), result = text(found, "result");
    if (result === "approved" && code === "00") {
        return { approved: {
            amount: amount, authorization: text(found, "authorization"), retrievalReference: text(found, "reference")
        } };
    }
    var row = CODES[code];
    if (result !== "declined" || !Array.isArray(row)) return unknown(code);
    return { declined: { code: code, reason: row[0], message: row[1], captureCard: false } };
}

function reversalOutcome(found) {
    var code = text(found, "code");
    switch (text(found, "result")) {
    case "reversed": return { acknowledged: code };
    case "unknown-order": return { unmatched: code };
    case "declined": return { refused: code };
    default: return unknown(code);
    }
}

function echoOutcome(found) {
    if (text(found, "result") === "alive") return "done";
    return { declined: { code: text(found, "code"), reason: "other", captureCard: false } };
}

function aboutNothing(operation, status) {
    return operation.maintain ? { declined: { code: status, reason: "other", captureCard: false } } : unknown(status);
}

function outcome(operation, found) {
    if (operation.maintain) return echoOutcome(found);
    if (operation.pay) return saleOutcome(found, operation.pay.amount);
    if (operation.followUp) return reversalOutcome(found);
    throw { unsupported: "this plugin does not do this operation" };
}

function resume(context, operation, state, event) {
    if (!event.received) throw { internal: "only an answer can follow a message here" };
    if (state.length !== 12) throw { internal: "the state is not one this plugin returned" };
    var step = { state: state, proofs: [], effects: [], reference: [["order", state]] };
    // Whoever sent another status need not know what became of the order.
    if (event.received.status !== 200) {
        step.action = { finish: aboutNothing(operation, String(event.received.status)) };
        return step;
    }
    var found = hear(event.received);
    step.proofs = proofs(found);
    step.action = { finish: outcome(operation, found) };
    return step;
}

// Names for the members of a masked body.
function read(frame) {
    var found = members(frame), fields = [];
    for (var name in found) fields.push({ path: name, name: TITLES[name] || name, value: found[name].text, note: "" });
    return fields;
}

// ---- what it does about silence ----------------------------------------------------------------------------------

// At once the first time, then 2, 4, 8 ... 64 seconds.
function debtWait(failed) { return failed === 0 ? 0 : 2000 << Math.min(failed - 1, 5); }

// What may have moved money is reversed; what never left may be sent again; a debt is always tried again.
function decide(context, situation) {
    var attempts = situation.attempts;
    var moved = attempts.some(function (attempt) {
        return attempt.gravity === "movesMoney" && attempt.delivery !== "notSent";
    });
    if (moved) return "reverse";
    if (situation.operation === "reverse") return { resend: { route: ROUTE, wait: debtWait(attempts.length) } };
    return attempts.length < 3 ? { resend: { route: ROUTE, wait: 1000 } } : "fail";
}

function wait(context, debt) {
    var failed = debt.attempts.length;
    return { wait: debtWait(failed), route: ROUTE, callForHelp: failed >= 3 || debt.refusals.length > 0 };
}
