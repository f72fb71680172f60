/* SPDX-License-Identifier: Apache-2.0 */
/*
 * APDU traces, lines of text:
 *
 *   > 80E29100 06 BF3E035C015A          a command
 *   < 6115                              its response
 *
 * The data of consecutive STORE DATA blocks is one ES10 command, decoded after the last block; the
 * response pieces that GET RESPONSE fetches are one ES10 response. Segments of a bound profile
 * package are pieces of a TLV and only named. sgp22.md 17, sgp32.md 8.4
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/decode/decode.h"
#include "host/decode/input.h"

#define APDU_SIZE_MAX  (5 + 65535 + 2)
#define CHAIN_SIZE_MAX (1 << 20)

struct trace {
    struct decode *decode;
    struct tern_json_writer *json;
    struct decode_card *card;
    int error;
};

static const struct {
    uint8_t ins;
    const char *name;
} INSTRUCTIONS[] = {
    {0x04, "DEACTIVATE FILE"    },
    {0x10, "TERMINAL PROFILE"   },
    {0x12, "FETCH"              },
    {0x14, "TERMINAL RESPONSE"  },
    {0x20, "VERIFY"             },
    {0x24, "CHANGE PIN"         },
    {0x26, "DISABLE PIN"        },
    {0x28, "ENABLE PIN"         },
    {0x2C, "UNBLOCK PIN"        },
    {0x32, "INCREASE"           },
    {0x44, "ACTIVATE FILE"      },
    {0x70, "MANAGE CHANNEL"     },
    {0x78, "GET IDENTITY"       },
    {0x84, "GET CHALLENGE"      },
    {0x88, "AUTHENTICATE"       },
    {0x89, "AUTHENTICATE"       },
    {0xA2, "SEARCH RECORD"      },
    {0xA4, "SELECT"             },
    {0xAA, "TERMINAL CAPABILITY"},
    {0xB0, "READ BINARY"        },
    {0xB2, "READ RECORD"        },
    {0xC0, "GET RESPONSE"       },
    {0xC2, "ENVELOPE"           },
    {0xCA, "GET DATA"           },
    {0xCB, "RETRIEVE DATA"      },
    {0xD6, "UPDATE BINARY"      },
    {0xDB, "SET DATA"           },
    {0xDC, "UPDATE RECORD"      },
    {0xE2, "STORE DATA"         },
    {0xF2, "STATUS"             },
};

/* Status words; a mask leaves the digits out that vary. ISO 7816-4, ETSI TS 102 221 10.2 */
static const struct {
    unsigned mask, value;
    const char *text;
} STATUS_WORDS[] = {
    {0xFFFF, 0x9000, "ok"                                      },
    {0xFF00, 0x9100, "ok, a proactive command waits"           },
    {0xFF00, 0x6100, "ok, response data waits"                 },
    {0xFF00, 0x6C00, "wrong Le"                                },
    {0xFFFF, 0x6200, "warning, nothing changed"                },
    {0xFFFF, 0x6282, "end of file reached"                     },
    {0xFFFF, 0x6283, "selected file deactivated"               },
    {0xFFF0, 0x63C0, "verification failed, tries left"         },
    {0xFFFF, 0x6400, "no change, execution error"              },
    {0xFFFF, 0x6581, "memory problem"                          },
    {0xFFFF, 0x6700, "wrong length"                            },
    {0xFFFF, 0x6881, "logical channel not supported"           },
    {0xFFFF, 0x6882, "secure messaging not supported"          },
    {0xFFFF, 0x6981, "command incompatible with file structure"},
    {0xFFFF, 0x6982, "security status not satisfied"           },
    {0xFFFF, 0x6983, "authentication method blocked"           },
    {0xFFFF, 0x6984, "referenced data invalidated"             },
    {0xFFFF, 0x6985, "conditions of use not satisfied"         },
    {0xFFFF, 0x6986, "command not allowed, no EF selected"     },
    {0xFFFF, 0x6A80, "incorrect parameters in the data field"  },
    {0xFFFF, 0x6A81, "function not supported"                  },
    {0xFFFF, 0x6A82, "file or application not found"           },
    {0xFFFF, 0x6A83, "record not found"                        },
    {0xFFFF, 0x6A84, "not enough memory"                       },
    {0xFFFF, 0x6A86, "incorrect P1 or P2"                      },
    {0xFFFF, 0x6A87, "Lc inconsistent with P1 and P2"          },
    {0xFFFF, 0x6A88, "referenced data not found"               },
    {0xFFFF, 0x6B00, "wrong P1 or P2"                          },
    {0xFFFF, 0x6D00, "instruction not supported"               },
    {0xFFFF, 0x6E00, "class not supported"                     },
    {0xFFFF, 0x6F00, "technical problem"                       },
    {0xFFFF, 0x9300, "toolkit busy"                            },
    {0xFFFF, 0x9862, "authentication error, incorrect MAC"     },
    {0xFFFF, 0x9863, "security session or association expired" },
    {0xFFFF, 0x9864, "minimum UICC suspension time"            },
};

const char *decode_status_word(unsigned status_word)
{
    for (size_t i = 0; i < TERN_COUNT_OF(STATUS_WORDS); i++) {
        if ((status_word & STATUS_WORDS[i].mask) == STATUS_WORDS[i].value) {
            return STATUS_WORDS[i].text;
        }
    }
    return "not in the spec";
}

static const char *instruction_name(uint8_t ins)
{
    for (size_t i = 0; i < TERN_COUNT_OF(INSTRUCTIONS); i++) {
        if (INSTRUCTIONS[i].ins == ins) {
            return INSTRUCTIONS[i].name;
        }
    }
    return "unknown instruction";
}

static void collect(uint8_t **buffer, size_t *size, struct tern_bytes piece)
{
    if (piece.size == 0 || *size + piece.size > CHAIN_SIZE_MAX) {
        return;
    }
    uint8_t *larger = realloc(*buffer, *size + piece.size);
    if (larger != NULL) {
        memcpy(larger + *size, piece.data, piece.size);
        *buffer = larger;
        *size += piece.size;
    }
}

/* What was collected, decoded when it is one whole TLV. */
static void say_collected(struct trace *trace, uint8_t **buffer, size_t *size)
{
    struct tern_bytes message = tern_bytes(*buffer, *size);
    struct tern_tlv tlv;
    if (*size > 0 && tern_der_single(message, &tlv, TERN_DER_LONG_LENGTHS) == TERN_OK) {
        if (trace->json != NULL) {
            tern_json_begin_array(trace->json, "message");
        }
        int error = decode_elements(trace->decode, trace->json, message, 1);
        if (trace->json != NULL) {
            tern_json_end_array(trace->json);
        }
        trace->error = trace->error == TERN_OK ? error : trace->error;
    } else if (*size > 0 && trace->json == NULL) {
        tern_write_text(trace->decode->out, "  (a piece of a longer TLV)\n");
    }
    free(*buffer);
    *buffer = NULL;
    *size = 0;
}

static struct tern_bytes command_data(struct tern_bytes apdu)
{
    if (apdu.size <= 5) {
        return TERN_BYTES_NONE;
    }
    bool extended = apdu.data[4] == 0 && apdu.size >= 7;
    size_t size = extended ? (size_t)apdu.data[5] << 8 | apdu.data[6] : apdu.data[4];
    return tern_bytes_slice(apdu, extended ? 7 : 5, size);
}

static void say_line(struct trace *trace, const char *direction, const char *meaning,
                     struct tern_bytes apdu)
{
    if (trace->json != NULL) {
        tern_json_write_text(trace->json, "direction", tern_bytes_text(direction));
        tern_json_write_hex(trace->json, "apdu", apdu);
        tern_json_write_text(trace->json, "meaning", tern_bytes_text(meaning));
        return;
    }
    struct tern_writer *out = trace->decode->out;
    tern_write_text(out, direction[0] == 'c' ? "> " : "< ");
    tern_hex_encode(out, apdu);
    tern_write_text(out, "  ");
    tern_write_text(out, meaning);
    tern_write_byte(out, '\n');
}

static void take_command(struct trace *trace, struct tern_bytes apdu)
{
    if (apdu.size < 4) {
        trace->error = TERN_ERR_TRUNCATED;
        say_line(trace, "command", "too short", apdu);
        return;
    }
    say_line(trace, "command", instruction_name(apdu.data[1]), apdu);
    if (apdu.data[1] == 0xE2) {
        collect(&trace->card->command, &trace->card->command_size, command_data(apdu));
        if ((apdu.data[2] & 0x80) != 0) {
            say_collected(trace, &trace->card->command, &trace->card->command_size);
        }
    }
}

static void take_response(struct trace *trace, struct tern_bytes apdu)
{
    if (apdu.size < 2) {
        trace->error = TERN_ERR_TRUNCATED;
        say_line(trace, "response", "too short", apdu);
        return;
    }
    unsigned status = (unsigned)apdu.data[apdu.size - 2] << 8 | apdu.data[apdu.size - 1];
    say_line(trace, "response", decode_status_word(status), apdu);
    collect(&trace->card->response, &trace->card->response_size,
            tern_bytes_slice(apdu, 0, apdu.size - 2));
    if (status >> 8 != 0x61) {
        struct tern_tlv tlv;
        struct tern_bytes all = tern_bytes(trace->card->response, trace->card->response_size);
        if (trace->card->response_size > 0 && tern_der_single(all, &tlv, 0) == TERN_OK) {
            say_collected(trace, &trace->card->response, &trace->card->response_size);
        } else {
            trace->card->response_size = 0;
        }
    }
}

static void take_line(struct trace *trace, struct tern_bytes line)
{
    static const char *const COMMANDS[] = {"=>", "->", ">", "C-APDU:", "C-APDU"};
    static const char *const RESPONSES[] = {"<=", "<-", "<", "R-APDU:", "R-APDU"};
    bool command = false;
    bool known = false;
    for (size_t i = 0; !known && i < TERN_COUNT_OF(COMMANDS); i++) {
        command = tern_bytes_starts_with(line, tern_bytes_text(COMMANDS[i]));
        known = command || tern_bytes_starts_with(line, tern_bytes_text(RESPONSES[i]));
        size_t size = known ? strlen(command ? COMMANDS[i] : RESPONSES[i]) : 0;
        line = tern_bytes_slice(line, size, line.size);
    }
    uint8_t *data = NULL;
    size_t size = 0;
    size_t offset = 0;
    struct tern_bytes rest;
    if (!known || input_bytes(INPUT_HEX, line, &data, &size, &offset, &rest) != TERN_OK ||
        size > APDU_SIZE_MAX) {
        trace->error = TERN_ERR_MALFORMED;
    } else if (command) {
        take_command(trace, tern_bytes(data, size));
    } else {
        take_response(trace, tern_bytes(data, size));
    }
    free(data);
}

static void begin(struct trace *trace)
{
    if (trace->json != NULL) {
        tern_json_begin_object(trace->json, NULL);
        if (trace->decode->name != NULL) {
            tern_json_write_text(trace->json, "file", tern_bytes_text(trace->decode->name));
        }
        tern_json_begin_array(trace->json, "apdus");
    }
}

static void end(struct trace *trace)
{
    if (trace->json != NULL) {
        tern_json_end_array(trace->json);
        if (trace->error != TERN_OK) {
            tern_json_write_text(trace->json, "error", tern_bytes_text(trace->decode->complaint));
        }
        tern_json_end_object(trace->json);
    }
}

int decode_apdus(struct decode *decode, struct tern_bytes text)
{
    struct tern_json_writer json = tern_json_writer(decode->out);
    struct decode_card card = {0};
    struct trace trace = {decode, decode->json ? &json : NULL, &card, TERN_OK};
    struct tern_bytes line;
    size_t number = 0;
    begin(&trace);
    while (input_line(&text, &line)) {
        number++;
        if (line.size == 0 || line.data[0] == '#') {
            continue;
        }
        int before = trace.error;
        if (trace.json != NULL) {
            tern_json_begin_object(&json, NULL);
        }
        take_line(&trace, line);
        if (trace.json != NULL) {
            tern_json_end_object(&json);
        }
        if (before == TERN_OK && trace.error != TERN_OK && decode->complaint[0] == '\0') {
            snprintf(decode->complaint, sizeof decode->complaint, "no APDU in line %zu", number);
        }
    }
    decode_card_end(&card);
    end(&trace);
    return trace.error;
}

int decode_apdu(struct decode *decode, struct decode_card *card, bool is_command,
                struct tern_bytes apdu)
{
    struct tern_json_writer json = tern_json_writer(decode->out);
    struct trace trace = {decode, decode->json ? &json : NULL, card, TERN_OK};
    decode->complaint[0] = '\0';
    decode->hint = decode->name;
    begin(&trace);
    if (trace.json != NULL) {
        tern_json_begin_object(&json, NULL);
    }
    if (is_command) {
        take_command(&trace, apdu);
    } else {
        take_response(&trace, apdu);
    }
    if (trace.json != NULL) {
        tern_json_end_object(&json);
    }
    if (trace.error != TERN_OK && decode->complaint[0] == '\0') {
        snprintf(decode->complaint, sizeof decode->complaint, "no APDU");
    }
    end(&trace);
    if (decode->json) {
        tern_write_byte(decode->out, '\n');
    }
    return tern_writer_status(decode->out) != TERN_OK ? TERN_ERR_NO_SPACE : trace.error;
}

void decode_card_end(struct decode_card *card)
{
    free(card->command);
    free(card->response);
    *card = (struct decode_card){0};
}
