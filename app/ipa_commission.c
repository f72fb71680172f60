/* SPDX-License-Identifier: Apache-2.0 */
/* `tern ipa commission-serve` on the device, `tern ipa commission` on the platform. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/ipa.h"
#include "host/config/files.h"
#include "host/config/ready.h"
#include "host/ipa/commission.h"

struct serve {
    struct ipa_options device;
    const char *link;
    bool new_code;
};

/* clang-format off */
static const struct option_row SERVE_ROWS[] = {
    OPTION_TEXT(struct serve, device.reader, "reader", "SPEC", "the card: tcp:HOST:PORT, unix:PATH, pcsc:NAME, at:DEVICE"),
    OPTION_TEXT(struct serve, device.state, "state", "DIR", "the device's; the pairing code is kept there, 0600"),
    OPTION_TEXT(struct serve, device.features, "feature", "LIST", "as for tern ipa once"),
    OPTION_TEXT(struct serve, device.tac, "tac", "DIGITS", "type allocation code, 8 digits"),
    OPTION_TEXT(struct serve, device.imei, "imei", "DIGITS", "15 digits"),
    OPTION_TEXT(struct serve, device.ready, "ready", "FILE", "written once the link is open"),
    OPTION_TEXT(struct serve, link, "link", "unix:PATH", "the link that stands for Bluetooth"),
    OPTION_FLAG(struct serve, new_code, "new-code", "make a new pairing code; the old one is void"),
    OPTION_FLAG(struct serve, device.json, "json", "print JSON"),
};
/* clang-format on */

static const struct option_table SERVE_TABLE = OPTION_TABLE(
    "tern ipa commission-serve --reader SPEC --state DIR --link unix:PATH",
    "The commissioning state of a device: opens the short-range link until an eIM was bound.\n"
    "Prints the pairing code, which stands for the one printed on the device.",
    SERVE_ROWS);

/* 4 groups of 4 read better on a label. */
static void print_code(const char *code, bool json)
{
    if (json) {
        printf("{\"pairing_code\":\"%s\"}\n", code);
    } else {
        printf("pairing code %.4s-%.4s-%.4s-%.4s\n", code, code + 4, code + 8, code + 12);
    }
    fflush(stdout);
}

static int serve_link(const struct commission_device *device, const struct serve *serve)
{
    int fd = pairing_listen(serve->link);
    if (fd < 0) {
        fprintf(stderr, "tern ipa commission-serve: cannot listen on %s\n", serve->link);
        return 2;
    }
    const struct ready_entry entry = {"link", serve->link};
    int status = ready_write(serve->device.ready, &entry, 1);
    int result = status == TERN_OK ? 0 : TERN_ERR_IO;
    while (result == 0) {
        result = commission_accept(device, fd);
    }
    close(fd);
    unlink(serve->link + strlen("unix:"));
    if (result == 1) {
        if (!serve->device.json) {
            puts("an eIM is bound");
        }
        return 0;
    }
    fprintf(stderr, "tern ipa commission-serve: %s\n",
            result == TERN_ERR_DENIED ? "too many wrong codes; --new-code makes another"
                                      : "the card or the link failed");
    return 1;
}

int ipa_commission_serve(int argc, char **argv)
{
    struct serve serve = {.device = {.features = "direct,indirect"}};
    char code[PAIRING_CODE_SIZE + 1];
    uint8_t memory[64];
    uint8_t info[40];
    int status = options_parse(&SERVE_TABLE, &serve, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    if (serve.device.state == NULL || serve.link == NULL) {
        fputs("tern ipa commission-serve: --state and --link are needed\n", stderr);
        return 2;
    }
    struct commission_device device = {.state_folder = serve.device.state};
    struct tern_reader reader;
    struct tern_writer out = TERN_WRITER_OF(memory);
    struct tern_writer device_info = TERN_WRITER_OF(info);
    if (ipa_write_capabilities(&out, &serve.device) != 0 ||
        ipa_write_device_info(&device_info, &serve.device) != 0) {
        return 2;
    }
    tern_der_write(&out, 0xA9, tern_writer_bytes(&device_info));
    device.capabilities = tern_writer_bytes(&out);
    if (ipa_open_reader(&reader, serve.device.reader) != 0) {
        return 2;
    }
    device.reader = &reader;
    if (commission_code(serve.device.state, serve.new_code, code) != TERN_OK) {
        fprintf(stderr, "tern ipa commission-serve: cannot use %s\n", serve.device.state);
        reader.close(reader.context);
        return 2;
    }
    print_code(code, serve.device.json);
    status = serve_link(&device, &serve);
    reader.close(reader.context);
    return status;
}

/* ---- The platform ---- */

struct bind {
    const char *link;
    const char *code;
    const char *enrol;
    const char *out;
    const char *label;
    bool json;
};

/* clang-format off */
static const struct option_row BIND_ROWS[] = {
    OPTION_TEXT(struct bind, link, "link", "unix:PATH", "the link of the device"),
    OPTION_TEXT(struct bind, code, "code", "CODE", "the pairing code printed on it"),
    OPTION_TEXT(struct bind, enrol, "enrol", "FILE", "what the eIM wants in the card (tern eim enrol-file)"),
    OPTION_TEXT(struct bind, out, "out", "FILE", "what the eIM has to know of the device"),
    OPTION_TEXT(struct bind, label, "label", "TEXT", "a name for people"),
    OPTION_FLAG(struct bind, json, "json", "print JSON"),
};
/* clang-format on */

static const struct option_table BIND_TABLE =
    OPTION_TABLE("tern ipa commission --link unix:PATH --code CODE --enrol FILE --out FILE",
                 "The platform's side: binds the first eIM and brings back EID, certificates and\n"
                 "association token.",
                 BIND_ROWS);

static const char *eim_error_text(int code)
{
    switch (code) {
    case 1:
        return "insufficientMemory";
    case 2:
        return "associatedEimAlreadyExists";
    case 3:
        return "ciPKUnknown";
    case 5:
        return "invalidAssociationToken";
    case 6:
        return "counterValueOutOfRange";
    case 7:
        return "commandError";
    default:
        return "undefinedError";
    }
}

static int write_result(const struct bind *bind, const struct commission_result *result)
{
    static uint8_t file[65536];
    char eid[33] = "";
    struct tern_writer out = TERN_WRITER_OF(file);
    struct tern_writer text = tern_writer(eid, 32);
    commission_write_file(&out, result, bind->label);
    if (tern_writer_status(&out) != TERN_OK ||
        file_write(bind->out, tern_writer_bytes(&out), 0600) != TERN_OK) {
        fprintf(stderr, "tern ipa commission: cannot write %s\n", bind->out);
        return 2;
    }
    tern_eid_to_text(&text, result->eid);
    if (bind->json) {
        printf("{\"ok\":true,\"eid\":\"%s\",\"eim_id\":\"%s\",\"association_token\":%lld}\n", eid,
               result->eim_id, (long long)result->association_token);
    } else {
        printf("%s is bound to %s\n", eid, result->eim_id);
    }
    return 0;
}

int ipa_commission(int argc, char **argv)
{
    static struct commission_result result;
    struct bind bind = {0};
    uint8_t *enrolment;
    size_t size;
    int status = options_parse(&BIND_TABLE, &bind, &argc, argv);
    if (status != OPTIONS_GO) {
        return status;
    }
    signal(SIGPIPE, SIG_IGN);
    if (bind.link == NULL || bind.code == NULL || bind.enrol == NULL || bind.out == NULL) {
        fputs("tern ipa commission: --link, --code, --enrol and --out are needed\n", stderr);
        return 2;
    }
    if (file_read(bind.enrol, 65536, &enrolment, &size) != TERN_OK) {
        fprintf(stderr, "tern ipa commission: cannot read %s\n", bind.enrol);
        return 2;
    }
    status = commission_bind(&result, bind.link, bind.code, tern_bytes(enrolment, size));
    free(enrolment);
    if (status == TERN_OK) {
        return write_result(&bind, &result);
    }
    const char *why = result.eim_error != 0          ? eim_error_text(result.eim_error)
                      : status == TERN_ERR_DENIED    ? "the pairing code is refused"
                      : status == TERN_ERR_MALFORMED ? "no pairing code or no enrolment file"
                                                     : tern_error_text(status);
    fprintf(stderr, "tern ipa commission: %s\n", why);
    return status == TERN_ERR_DENIED ? 1 : 2;
}
