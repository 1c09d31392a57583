// A plugin in JavaScript: the interpreter (MicroQuickJS), the plugin's source text, and what carries any value of the
// contract between the two, by the tables that `acquit-bindings` writes.
//
// In JavaScript a record is an object, a tuple and a list an array, an enum its name, a variant an object with one
// member named after the case (or the name alone, where the case carries nothing), an absent option null. Bytes are a
// string with a character from 0 to 255 for each.

#include "contract_tables.h"
#include "mquickjs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Memory of the interpreter. A call of a few hundred lines needs some 100 KiB.
#define HEAP_BYTES (1u << 20)

extern const JSSTDLibraryDef js_stdlib;
// The plugin's source text and what stands before it, as build.sh embeds them.
extern const char SOURCE[];
extern const size_t SOURCE_BYTES;

typedef struct {
    uint8_t *ptr;
    size_t len;
} span_t;

static JSContext *js;

static bool has_payload(const contract_type_t *type, uint32_t which) { return type->entries[which].type != NULL; }

// ---- from the terminal to JavaScript ----------------------------------------------------------------------------

static JSValue lift(const contract_type_t *type, const uint8_t *at);

// Bytes above 127 are two bytes of UTF-8; text passes as it is.
static JSValue lift_bytes(span_t bytes) {
    char *text = malloc(bytes.len * 2 + 1);
    size_t length = 0;
    for (size_t at = 0; at < bytes.len; at++) {
        uint8_t byte = bytes.ptr[at];
        if (byte < 0x80) {
            text[length++] = (char)byte;
        } else {
            text[length++] = (char)(0xC0 | byte >> 6);
            text[length++] = (char)(0x80 | (byte & 0x3F));
        }
    }
    return JS_NewStringLen(js, text, length);
}

static JSValue lift_list(const contract_type_t *item, span_t list) {
    JSGCRef array;
    JS_PushGCRef(js, &array);
    array.val = JS_NewArray(js, (int)list.len);
    for (size_t at = 0; at < list.len; at++) {
        JSValue value = lift(item, list.ptr + at * item->size);
        JS_SetPropertyUint32(js, array.val, (uint32_t)at, value);
    }
    return JS_PopGCRef(js, &array);
}

static JSValue lift_members(const contract_type_t *type, const uint8_t *at) {
    bool is_array = type->kind == CONTRACT_TUPLE;
    JSGCRef object;
    JS_PushGCRef(js, &object);
    object.val = is_array ? JS_NewArray(js, (int)type->count) : JS_NewObject(js);
    for (uint32_t member = 0; member < type->count; member++) {
        const contract_entry_t *entry = &type->entries[member];
        JSValue value = lift(entry->type, at + entry->offset);
        if (is_array) {
            JS_SetPropertyUint32(js, object.val, member, value);
        } else {
            JS_SetPropertyStr(js, object.val, entry->name, value);
        }
    }
    return JS_PopGCRef(js, &object);
}

static JSValue lift_case(const contract_type_t *type, const uint8_t *at) {
    const contract_entry_t *entry = &type->entries[*at];
    if (entry->type == NULL) return JS_NewString(js, entry->name);
    JSGCRef object;
    JS_PushGCRef(js, &object);
    object.val = JS_NewObject(js);
    JSValue value = lift(entry->type, at + entry->offset);
    JS_SetPropertyStr(js, object.val, entry->name, value);
    return JS_PopGCRef(js, &object);
}

static JSValue lift(const contract_type_t *type, const uint8_t *at) {
    switch (type->kind) {
    case CONTRACT_BOOL: return JS_NewBool(*at);
    case CONTRACT_U8: return JS_NewUint32(js, *at);
    case CONTRACT_U16: return JS_NewUint32(js, *(const uint16_t *)at);
    case CONTRACT_U32: return JS_NewUint32(js, *(const uint32_t *)at);
    case CONTRACT_U64: return JS_NewInt64(js, *(const int64_t *)at);
    case CONTRACT_S16: return JS_NewInt32(js, *(const int16_t *)at);
    case CONTRACT_S32: return JS_NewInt32(js, *(const int32_t *)at);
    case CONTRACT_STRING: {
        const span_t *text = (const span_t *)at;
        return JS_NewStringLen(js, (const char *)text->ptr, text->len);
    }
    case CONTRACT_BYTES: return lift_bytes(*(const span_t *)at);
    case CONTRACT_LIST: return lift_list(type->entries[0].type, *(const span_t *)at);
    case CONTRACT_RECORD:
    case CONTRACT_TUPLE: return lift_members(type, at);
    case CONTRACT_ENUM: return JS_NewString(js, type->entries[*at].name);
    case CONTRACT_OPTION: return *at ? lift(type->entries[1].type, at + type->entries[1].offset) : JS_NULL;
    case CONTRACT_VARIANT: return lift_case(type, at);
    }
    abort();
}

// ---- and back: what does not fit the contract ends the call -------------------------------------------------------

static void lower(const contract_type_t *type, uint8_t *at, JSValue value);

static span_t text_of(JSValue value) {
    JSCStringBuf buffer;
    size_t length;
    if (!JS_IsString(js, value)) abort();
    const char *text = JS_ToCStringLen(js, &length, value, &buffer);
    if (text == NULL) abort();
    uint8_t *copy = malloc(length);
    memcpy(copy, text, length);
    return (span_t){copy, length};
}

static span_t bytes_of(JSValue value) {
    span_t text = text_of(value);
    size_t length = 0;
    for (size_t at = 0; at < text.len; at++) {
        uint8_t byte = text.ptr[at];
        if (byte >= 0x80) {
            // A character from 128 to 255, or none that is a byte.
            if ((byte & 0xFC) != 0xC0 || at + 1 >= text.len) abort();
            byte = (uint8_t)(byte << 6 | (text.ptr[++at] & 0x3F));
        }
        text.ptr[length++] = byte;
    }
    return (span_t){text.ptr, length};
}

static uint32_t case_named(const contract_type_t *type, JSValue value) {
    span_t name = text_of(value);
    for (uint32_t which = 0; which < type->count; which++) {
        const char *known = type->entries[which].name;
        if (strlen(known) == name.len && memcmp(known, name.ptr, name.len) == 0) return which;
    }
    abort();
}

static uint64_t number(JSValue value, double least, double most) {
    double number;
    if (!JS_IsNumber(js, value) || JS_ToNumber(js, &number, value) != 0) abort();
    if (!(number >= least && number <= most) || number != (double)(int64_t)number) abort();
    return (uint64_t)(int64_t)number;
}

static span_t lower_list(const contract_type_t *item, JSValue value) {
    JSGCRef array;
    JS_PushGCRef(js, &array);
    array.val = value;
    JSValue length = JS_GetPropertyStr(js, array.val, "length");
    size_t count = (size_t)number(length, 0, 65535);
    uint8_t *items = malloc(count * item->size + 1);
    for (size_t at = 0; at < count; at++) {
        JSValue one = JS_GetPropertyUint32(js, array.val, (uint32_t)at);
        lower(item, items + at * item->size, one);
    }
    JS_PopGCRef(js, &array);
    return (span_t){items, count};
}

// A member that is left out is undefined: absent where it is an option, empty where it is a list or text.
static void lower_members(const contract_type_t *type, uint8_t *at, JSValue value) {
    JSGCRef object;
    JS_PushGCRef(js, &object);
    object.val = value;
    for (uint32_t member = 0; member < type->count; member++) {
        const contract_entry_t *entry = &type->entries[member];
        JSValue one = type->kind == CONTRACT_TUPLE ? JS_GetPropertyUint32(js, object.val, member)
                                                   : JS_GetPropertyStr(js, object.val, entry->name);
        lower(entry->type, at + entry->offset, one);
    }
    JS_PopGCRef(js, &object);
}

static void lower_case(const contract_type_t *type, uint8_t *at, JSValue value) {
    if (JS_IsString(js, value)) {
        uint32_t which = case_named(type, value);
        if (has_payload(type, which)) abort();
        *at = (uint8_t)which;
        return;
    }
    JSGCRef object;
    JS_PushGCRef(js, &object);
    object.val = value;
    uint32_t which = 0;
    for (; which < type->count; which++) {
        if (!has_payload(type, which)) continue;
        const contract_entry_t *entry = &type->entries[which];
        JSValue carried = JS_GetPropertyStr(js, object.val, entry->name);
        if (JS_IsUndefined(carried)) continue;
        *at = (uint8_t)which;
        lower(entry->type, at + entry->offset, carried);
        break;
    }
    if (which == type->count) abort();
    JS_PopGCRef(js, &object);
}

static void lower(const contract_type_t *type, uint8_t *at, JSValue value) {
    bool is_absent = JS_IsUndefined(value) || JS_IsNull(value);
    switch (type->kind) {
    case CONTRACT_BOOL: *at = value == JS_TRUE; return;
    case CONTRACT_U8: *at = (uint8_t)number(value, 0, 255); return;
    case CONTRACT_U16: *(uint16_t *)at = (uint16_t)number(value, 0, 65535); return;
    case CONTRACT_U32: *(uint32_t *)at = (uint32_t)number(value, 0, 4294967295.0); return;
    case CONTRACT_U64: *(uint64_t *)at = number(value, 0, 9007199254740991.0); return;
    case CONTRACT_S16: *(int16_t *)at = (int16_t)number(value, -32768, 32767); return;
    case CONTRACT_S32: *(int32_t *)at = (int32_t)number(value, -2147483648.0, 2147483647.0); return;
    case CONTRACT_STRING: *(span_t *)at = is_absent ? (span_t){0} : text_of(value); return;
    case CONTRACT_BYTES: *(span_t *)at = is_absent ? (span_t){0} : bytes_of(value); return;
    case CONTRACT_LIST: *(span_t *)at = is_absent ? (span_t){0} : lower_list(type->entries[0].type, value); return;
    case CONTRACT_RECORD:
    case CONTRACT_TUPLE:
        if (is_absent) abort();
        lower_members(type, at, value);
        return;
    case CONTRACT_ENUM: *at = (uint8_t)case_named(type, value); return;
    case CONTRACT_OPTION:
        *at = !is_absent;
        if (!is_absent) lower(type->entries[1].type, at + type->entries[1].offset, value);
        return;
    case CONTRACT_VARIANT:
        if (is_absent) abort();
        lower_case(type, at, value);
        return;
    }
    abort();
}

// ---- the six functions ------------------------------------------------------------------------------------------

static uint8_t *call(const contract_function_t *function, const uint8_t *arguments) {
    js = JS_NewContext(malloc(HEAP_BYTES), HEAP_BYTES, &js_stdlib);
    if (JS_IsException(JS_Eval(js, SOURCE, SOURCE_BYTES, "plugin.js", 0))) abort();
    JSGCRef given;
    JS_PushGCRef(js, &given);
    given.val = lift(function->arguments, arguments);
    JSGCRef called;
    JS_PushGCRef(js, &called);
    called.val = JS_GetPropertyStr(js, JS_GetGlobalObject(js), "exported");
    called.val = JS_GetPropertyStr(js, called.val, function->name);
    if (JS_StackCheck(js, 8)) abort();
    for (uint32_t at = function->arguments->count; at > 0; at--) {
        JS_PushArg(js, JS_GetPropertyUint32(js, given.val, at - 1));
    }
    JS_PushArg(js, called.val);
    JS_PushArg(js, JS_NULL);
    JSValue result = JS_Call(js, (int)function->arguments->count);
    if (JS_IsException(result)) abort();
    uint8_t *returned = malloc(function->result->size);
    memset(returned, 0, function->result->size);
    lower(function->result, returned, result);
    return returned;
}

#define EXPORT(interface, name) __attribute__((export_name("acquit:terminal/" interface "@0.1.0#" name)))

EXPORT("acquirer", "describe") uint8_t *describe(void) { return call(&CONTRACT_ACQUIRER_DESCRIBE, NULL); }
EXPORT("acquirer", "start") uint8_t *start(uint8_t *given) { return call(&CONTRACT_ACQUIRER_START, given); }
EXPORT("acquirer", "resume") uint8_t *resume(uint8_t *given) { return call(&CONTRACT_ACQUIRER_RESUME, given); }
EXPORT("retry-policy", "decide") uint8_t *decide(uint8_t *given) { return call(&CONTRACT_RETRY_POLICY_DECIDE, given); }
EXPORT("retry-policy", "wait") uint8_t *wait_(uint8_t *given) { return call(&CONTRACT_RETRY_POLICY_WAIT, given); }
EXPORT("inspector", "read") uint8_t *read(uint8_t *frame, size_t length) {
    span_t given = {frame, length};
    return call(&CONTRACT_INSPECTOR_READ, (const uint8_t *)&given);
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t had, size_t align, size_t size) {
    (void)had, (void)align;
    return realloc(old, size);
}

// ---- what the interpreter asks of a system that is not there ------------------------------------------------------

// A plugin has no clock, no console and no timers.
#define NOT_HERE(name) \
    JSValue name(JSContext *context, JSValue *self, int count, JSValue *given) { \
        (void)self, (void)count, (void)given; \
        return JS_ThrowTypeError(context, "a plugin has no clock, console or timers"); \
    }
NOT_HERE(js_print)
NOT_HERE(js_gc)
NOT_HERE(js_date_now)
NOT_HERE(js_performance_now)
NOT_HERE(js_load)
NOT_HERE(js_setTimeout)
NOT_HERE(js_clearTimeout)

// How the parser leaves at an error: a source that cannot be read is no plugin.
_Noreturn void longjmp(int place[1], int value) {
    (void)place, (void)value;
    abort();
}

int abs(int number) { return number < 0 ? -number : number; }
double fabs(double number) { return __builtin_fabs(number); }
double copysign(double size, double sign) { return __builtin_copysign(size, sign); }
