/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool-generate COUNT: generated messages of every type, a line each, for codecs that are not ours:
 *
 *   module TAB type TAB DER in hex TAB the value as JSON (host/decode/message_json.c)
 *
 * The module is "sgp32" or "sgp22": in the second, what only SGP.32 has is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/decode/decode.h"
#include "tests/support/generate.h"

static uint8_t memory[8 << 20];
static char text[1 << 20];

static void say(const char *module, const struct tern_asn_record *record, uint64_t seed)
{
    struct generator generator = {seed, tern_arena(memory, sizeof memory), false};
    generator.sgp22 = strcmp(module, "sgp22") == 0;
    for (const char *name = record->name; *name != '\0'; name++) {
        generator.state = generator.state * 131 + (uint8_t)*name;
    }
    struct tern_bytes der = generate_message(&generator, record);
    struct tern_writer out = TERN_WRITER_OF(text);
    tern_hex_encode(&out, der);
    tern_write_byte(&out, '\t');
    struct tern_json_writer json = tern_json_writer(&out);
    struct tern_fault fault;
    if (decode_to_json(&json, NULL, record, der, TERN_MERCY_NONE, &fault) != TERN_OK) {
        fprintf(stderr, "%s does not decode\n", record->name);
        exit(1);
    }
    printf("%s\t%s\t%.*s\n", module, record->name, (int)out.size, text);
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
    for (size_t i = 0; i < TERN_ALL_MESSAGES_COUNT; i++) {
        for (long seed = 1; seed <= count; seed++) {
            say("sgp32", TERN_ALL_MESSAGES[i].record, (uint64_t)seed);
            say("sgp22", TERN_ALL_MESSAGES[i].record, (uint64_t)seed);
        }
    }
    return 0;
}
