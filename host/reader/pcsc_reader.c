/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of pcsc-lite: any card, real or virtual, that pcscd shows. */
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

#include "host/reader/reader.h"

#define NAMES_SIZE 4096

struct pcsc_reader {
    SCARDCONTEXT service;
    SCARDHANDLE card;
    DWORD protocol;
};

static int pcsc_transmit(void *context, struct tern_writer *response, struct tern_bytes command)
{
    struct pcsc_reader *reader = context;
    uint8_t buffer[TERN_READER_RESPONSE_SIZE + 6];
    DWORD size = sizeof buffer;
    const SCARD_IO_REQUEST *protocol =
        reader->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    LONG result =
        SCardTransmit(reader->card, protocol, command.data, command.size, NULL, buffer, &size);
    if (result == SCARD_E_TIMEOUT) return TERN_ERR_TIMEOUT;
    if (result != SCARD_S_SUCCESS) return TERN_ERR_IO;
    tern_write(response, tern_bytes(buffer, size));
    return tern_writer_status(response);
}

static int pcsc_reset(void *context)
{
    struct pcsc_reader *reader = context;
    LONG result =
        SCardReconnect(reader->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
                       SCARD_RESET_CARD, &reader->protocol);
    return result == SCARD_S_SUCCESS ? TERN_OK : TERN_ERR_IO;
}

static int pcsc_atr(void *context, struct tern_writer *atr)
{
    struct pcsc_reader *reader = context;
    uint8_t bytes[MAX_ATR_SIZE];
    DWORD size = sizeof bytes;
    LONG result = SCardStatus(reader->card, NULL, NULL, NULL, NULL, bytes, &size);
    if (result != SCARD_S_SUCCESS) return TERN_ERR_IO;
    tern_write(atr, tern_bytes(bytes, size));
    return tern_writer_status(atr);
}

static void pcsc_close(void *context)
{
    struct pcsc_reader *reader = context;
    SCardDisconnect(reader->card, SCARD_RESET_CARD);
    SCardReleaseContext(reader->service);
    free(reader);
}

/** The first reader whose name contains `part`; NULL when there is none. */
static const char *find_reader(SCARDCONTEXT service, char names[NAMES_SIZE], const char *part)
{
    DWORD size = NAMES_SIZE;
    if (SCardListReaders(service, NULL, names, &size) != SCARD_S_SUCCESS) return NULL;
    for (const char *name = names; *name != 0; name += strlen(name) + 1) {
        if (strstr(name, part) != NULL) return name;
    }
    return NULL;
}

int reader_open_pcsc(struct tern_reader *reader, const char *target, struct tern_writer *why)
{
    struct pcsc_reader *state = calloc(1, sizeof *state);
    if (state == NULL) return TERN_ERR_NO_SPACE;
    LONG result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &state->service);
    if (result != SCARD_S_SUCCESS) {
        if (why != NULL) tern_write_text(why, pcsc_stringify_error(result));
        free(state);
        return TERN_ERR_IO;
    }
    char names[NAMES_SIZE];
    const char *name = find_reader(state->service, names, target);
    if (name == NULL) {
        if (why != NULL) tern_write_text(why, "no PC/SC reader of that name");
        SCardReleaseContext(state->service);
        free(state);
        return TERN_ERR_NOT_FOUND;
    }
    result = SCardConnect(state->service, name, SCARD_SHARE_SHARED,
                          SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &state->card, &state->protocol);
    if (result != SCARD_S_SUCCESS) {
        if (why != NULL) tern_write_text(why, pcsc_stringify_error(result));
        SCardReleaseContext(state->service);
        free(state);
        return TERN_ERR_IO;
    }
    *reader = (struct tern_reader){state, pcsc_transmit, pcsc_reset, pcsc_atr, pcsc_close};
    return TERN_OK;
}
