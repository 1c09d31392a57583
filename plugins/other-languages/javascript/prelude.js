"use strict";
// Before the plugin: how its faults become the contract's. A fault is thrown, as in `throw { malformed: { ... } }`;
// any other error is the plugin's own.

// The interpreter leaves a parser's error by a trap. Plugins read answers by themselves.
JSON.parse = function () { throw new TypeError("a plugin reads answers itself: JSON.parse is not here"); };

function faultOf(error) {
    var named = ["unsupported", "configuration", "malformed", "internal"];
    for (var at = 0; at < named.length; at++) {
        if (typeof error === "object" && error !== null && error[named[at]] !== undefined) return error;
    }
    return { internal: String(error) };
}

function fallible(call) {
    return function (one, two, three, four) {
        try {
            return { ok: call(one, two, three, four) };
        } catch (error) {
            return { err: faultOf(error) };
        }
    };
}
