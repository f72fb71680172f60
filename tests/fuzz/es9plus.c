/* SPDX-License-Identifier: Apache-2.0 */
/* ES9+ and ES11 in both bindings and directions: what was decoded is encoded and decoded to the
 * same. The first byte chooses function, binding and direction. */
#include <stddef.h>
#include <stdint.h>

#include "tern/es9plus.h"
#include "tests/fuzz/fuzz.h"

static uint8_t memory[1 << 20];
static uint8_t first[1 << 20];
static uint8_t second[1 << 20];

static void compare(const struct tern_writer *a, const struct tern_writer *b)
{
    if (!tern_bytes_equal(tern_writer_bytes(a), tern_writer_bytes(b))) {
        __builtin_trap();
    }
}

static void check_request(enum tern_es9plus_binding binding, enum tern_es9plus_function function,
                          struct tern_bytes body)
{
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_es9plus_request request;
    struct tern_fault fault;
    struct tern_writer a = TERN_WRITER_OF(first);
    struct tern_writer b = TERN_WRITER_OF(second);
    if (tern_es9plus_request_decode(&request, binding, function, body, &arena, &fault) != TERN_OK) {
        return;
    }
    if (tern_es9plus_request_encode(&a, binding, &request) != TERN_OK ||
        tern_es9plus_request_decode(&request, binding, request.function, tern_writer_bytes(&a),
                                    &arena, &fault) != TERN_OK ||
        tern_es9plus_request_encode(&b, binding, &request) != TERN_OK) {
        __builtin_trap();
    }
    compare(&a, &b);
}

static void check_response(enum tern_es9plus_binding binding, enum tern_es9plus_function function,
                           struct tern_bytes body)
{
    struct tern_arena arena = tern_arena(memory, sizeof memory);
    struct tern_es9plus_response response;
    struct tern_fault fault;
    struct tern_writer a = TERN_WRITER_OF(first);
    struct tern_writer b = TERN_WRITER_OF(second);
    if (tern_es9plus_response_decode(&response, binding, function, body, &arena, &fault) !=
        TERN_OK) {
        return;
    }
    /* Encoding may refuse event entries that are no DER; decoding its own output may not. */
    if (tern_es9plus_response_encode(&a, binding, &response) != TERN_OK) {
        return;
    }
    if (function != TERN_ES9PLUS_HANDLE_NOTIFICATION &&
        tern_es9plus_response_decode(&response, binding, function, tern_writer_bytes(&a), &arena,
                                     &fault) != TERN_OK) {
        __builtin_trap();
    }
    if (tern_es9plus_response_encode(&b, binding, &response) != TERN_OK) {
        __builtin_trap();
    }
    compare(&a, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 100000) {
        return 0;
    }
    unsigned choice = data[0];
    enum tern_es9plus_binding binding = choice & 1 ? TERN_ES9PLUS_ASN1 : TERN_ES9PLUS_JSON;
    enum tern_es9plus_function function =
        (enum tern_es9plus_function)(1 + (choice >> 2) % (TERN_ES9PLUS_FUNCTION_COUNT - 1));
    struct tern_bytes body = tern_bytes(data + 1, size - 1);
    if (choice & 2) {
        check_response(binding, function, body);
    } else {
        check_request(binding, function, body);
    }
    return 0;
}
