/* SPDX-License-Identifier: Apache-2.0 */
/* The link of commissioning; see pairing.h. Frames on the socket: size(2), type, rest. */
#include "host/ipa/pairing.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/crypto/openssl.h"

#define NONCE_SIZE 16
#define MAC_SIZE   16
#define TIMEOUT_S  60

static const char ALPHABET[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

int pairing_code_make(char code[PAIRING_CODE_SIZE + 1])
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t random[PAIRING_CODE_SIZE];
    if (crypto->random(crypto->context, random, sizeof(random)) != TERN_OK) {
        return TERN_ERR_CRYPTO;
    }
    for (size_t i = 0; i < PAIRING_CODE_SIZE; i++) {
        code[i] = ALPHABET[random[i] & 31];
    }
    code[PAIRING_CODE_SIZE] = '\0';
    tern_wipe(random, sizeof(random));
    return TERN_OK;
}

/* One of the alphabet, or 0 for what people put between, or -1. */
static int code_character(char c)
{
    int upper = toupper((unsigned char)c);
    if (upper == '-' || upper == ' ' || upper == '\n' || upper == '\r') {
        return 0;
    }
    return strchr(ALPHABET, upper) != NULL ? upper : -1;
}

int pairing_code_normalise(char code[PAIRING_CODE_SIZE + 1], const char *text)
{
    size_t size = 0;
    for (; *text != '\0'; text++) {
        int c = code_character(*text);
        if (c < 0 || (c > 0 && size == PAIRING_CODE_SIZE)) {
            return TERN_ERR_MALFORMED;
        }
        if (c > 0) {
            code[size++] = (char)c;
        }
    }
    code[size] = '\0';
    return size == PAIRING_CODE_SIZE ? TERN_OK : TERN_ERR_MALFORMED;
}

/* ---- The socket ---- */

static int unix_address(struct sockaddr_un *address, const char *link)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (strncmp(link, "unix:", 5) != 0 || strlen(link + 5) >= sizeof(address->sun_path)) {
        return TERN_ERR_MALFORMED;
    }
    snprintf(address->sun_path, sizeof(address->sun_path), "%s", link + 5);
    return TERN_OK;
}

static void set_timeout(int fd)
{
    struct timeval timeout = {.tv_sec = TIMEOUT_S};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

int pairing_connect(struct pairing *pairing, const char *link)
{
    struct sockaddr_un address;
    memset(pairing, 0, sizeof(*pairing));
    pairing->fd = -1;
    if (unix_address(&address, link) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    pairing->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (pairing->fd < 0 ||
        connect(pairing->fd, (struct sockaddr *)(void *)&address, sizeof(address)) != 0) {
        pairing_close(pairing);
        return TERN_ERR_IO;
    }
    set_timeout(pairing->fd);
    return TERN_OK;
}

int pairing_listen(const char *link)
{
    struct sockaddr_un address;
    if (unix_address(&address, link) != TERN_OK) {
        return TERN_ERR_MALFORMED;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return TERN_ERR_IO;
    }
    unlink(address.sun_path);
    mode_t mask = umask(0177);
    int bound = bind(fd, (struct sockaddr *)(void *)&address, sizeof(address));
    umask(mask);
    if (bound != 0 || listen(fd, 4) != 0) {
        close(fd);
        return TERN_ERR_IO;
    }
    return fd;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = send(fd, data, size, MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return TERN_ERR_IO;
        }
        data += written;
        size -= (size_t)written;
    }
    return TERN_OK;
}

static int read_all(int fd, uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(fd, data, size, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return TERN_ERR_IO;
        }
        data += got;
        size -= (size_t)got;
    }
    return TERN_OK;
}

static int send_frame(int fd, uint8_t type, struct tern_bytes payload, struct tern_bytes mac)
{
    uint8_t frame[3 + PAIRING_FRAME_SIZE + MAC_SIZE];
    struct tern_writer out = TERN_WRITER_OF(frame);
    if (payload.size > PAIRING_FRAME_SIZE) {
        return TERN_ERR_NO_SPACE;
    }
    tern_write_uint(&out, 1 + payload.size + mac.size, 2);
    tern_write_byte(&out, type);
    tern_write(&out, payload);
    tern_write(&out, mac);
    return write_all(fd, frame, out.size);
}

/* The type; payload and MAC in `data`. */
static int receive_frame(int fd, uint8_t *data, size_t capacity, size_t *size)
{
    uint8_t head[3];
    int status = read_all(fd, head, sizeof(head));
    if (status != TERN_OK) {
        return status;
    }
    *size = (size_t)(head[0] << 8 | head[1]);
    if (*size == 0 || *size - 1 > capacity) {
        return TERN_ERR_NO_SPACE;
    }
    *size -= 1;
    status = read_all(fd, data, *size);
    return status == TERN_OK ? head[2] : status;
}

/* ---- Proofs ---- */

static int prove(uint8_t proof[32], const char *code, const char *label, const uint8_t *nonces)
{
    const struct tern_crypto *crypto = tern_openssl();
    const struct tern_bytes parts[] = {tern_bytes_text(label), tern_bytes(nonces, 2 * NONCE_SIZE)};
    return crypto->hmac_sha256(crypto->context, proof, tern_bytes_text(code), parts, 2);
}

/* A frame of this type and size, as it must come now. */
static int expect(struct pairing *pairing, uint8_t type, uint8_t *data, size_t size)
{
    uint8_t frame[64];
    size_t got = 0;
    int have = receive_frame(pairing->fd, frame, sizeof(frame), &got);
    if (have < 0) {
        return have;
    }
    if (have == PAIRING_REFUSED) {
        return TERN_ERR_DENIED;
    }
    if (have != type || got != size) {
        return TERN_ERR_MALFORMED;
    }
    memcpy(data, frame, size);
    return TERN_OK;
}

static int finish(struct pairing *pairing, const char *code, const uint8_t *nonces)
{
    pairing->sent = 0;
    pairing->received = 0;
    return prove(pairing->session, code, "tern session", nonces);
}

int pairing_prove_platform(struct pairing *pairing, const char *code)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t nonces[2 * NONCE_SIZE];
    uint8_t proof[32];
    uint8_t theirs[32];
    pairing->is_device = false;
    int status = crypto->random(crypto->context, nonces, NONCE_SIZE);
    if (status == TERN_OK) {
        status =
            send_frame(pairing->fd, PAIRING_HELLO, tern_bytes(nonces, NONCE_SIZE), TERN_BYTES_NONE);
    }
    if (status == TERN_OK) {
        status = expect(pairing, PAIRING_CHALLENGE, nonces + NONCE_SIZE, NONCE_SIZE);
    }
    if (status == TERN_OK) {
        status = prove(proof, code, "tern platform", nonces);
    }
    if (status == TERN_OK) {
        status =
            send_frame(pairing->fd, PAIRING_PLATFORM_PROOF, TERN_BYTES_OF(proof), TERN_BYTES_NONE);
    }
    if (status == TERN_OK) {
        status = expect(pairing, PAIRING_DEVICE_PROOF, theirs, sizeof(theirs));
    }
    if (status == TERN_OK) {
        status = prove(proof, code, "tern device", nonces);
    }
    if (status == TERN_OK && !tern_constant_time_equal(proof, theirs, sizeof(proof))) {
        status = TERN_ERR_DENIED;
    }
    return status == TERN_OK ? finish(pairing, code, nonces) : status;
}

int pairing_prove_device(struct pairing *pairing, const char *code, int (*attempt)(void *context),
                         void *context)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t nonces[2 * NONCE_SIZE];
    uint8_t proof[32];
    uint8_t theirs[32];
    pairing->is_device = true;
    set_timeout(pairing->fd);
    int status = expect(pairing, PAIRING_HELLO, nonces, NONCE_SIZE);
    if (status == TERN_OK) {
        status = crypto->random(crypto->context, nonces + NONCE_SIZE, NONCE_SIZE);
    }
    if (status == TERN_OK) {
        status = send_frame(pairing->fd, PAIRING_CHALLENGE,
                            tern_bytes(nonces + NONCE_SIZE, NONCE_SIZE), TERN_BYTES_NONE);
    }
    if (status == TERN_OK) {
        status = expect(pairing, PAIRING_PLATFORM_PROOF, theirs, sizeof(theirs));
    }
    if (status == TERN_OK) {
        status = attempt(context);
    }
    if (status == TERN_OK) {
        status = prove(proof, code, "tern platform", nonces);
    }
    if (status == TERN_OK && !tern_constant_time_equal(proof, theirs, sizeof(proof))) {
        status = TERN_ERR_DENIED;
    }
    if (status == TERN_ERR_DENIED) {
        (void)send_frame(pairing->fd, PAIRING_REFUSED, TERN_BYTES_NONE, TERN_BYTES_NONE);
    }
    if (status == TERN_OK) {
        status = prove(proof, code, "tern device", nonces);
    }
    if (status == TERN_OK) {
        status =
            send_frame(pairing->fd, PAIRING_DEVICE_PROOF, TERN_BYTES_OF(proof), TERN_BYTES_NONE);
    }
    return status == TERN_OK ? finish(pairing, code, nonces) : status;
}

/* ---- Frames under the session ---- */

static int frame_mac(const struct pairing *pairing, uint8_t mac[32], bool from_device,
                     uint32_t number, uint8_t type, struct tern_bytes payload)
{
    const struct tern_crypto *crypto = tern_openssl();
    uint8_t head[6] = {from_device ? 'd' : 'p'};
    struct tern_writer out = tern_writer(head + 1, 4);
    tern_write_uint(&out, number, 4);
    head[5] = type;
    const struct tern_bytes parts[] = {TERN_BYTES_OF(head), payload};
    return crypto->hmac_sha256(crypto->context, mac, TERN_BYTES_OF(pairing->session), parts, 2);
}

int pairing_send(struct pairing *pairing, enum pairing_frame type, struct tern_bytes payload)
{
    uint8_t mac[32];
    int status =
        frame_mac(pairing, mac, pairing->is_device, pairing->sent++, (uint8_t)type, payload);
    return status == TERN_OK
               ? send_frame(pairing->fd, (uint8_t)type, payload, tern_bytes(mac, MAC_SIZE))
               : status;
}

int pairing_receive(struct pairing *pairing, struct tern_writer *payload)
{
    uint8_t data[PAIRING_FRAME_SIZE + MAC_SIZE];
    uint8_t mac[32];
    size_t size = 0;
    int type = receive_frame(pairing->fd, data, sizeof(data), &size);
    if (type < 0) {
        return type;
    }
    if (size < MAC_SIZE) {
        return TERN_ERR_SIGNATURE;
    }
    size -= MAC_SIZE;
    int status = frame_mac(pairing, mac, !pairing->is_device, pairing->received++, (uint8_t)type,
                           tern_bytes(data, size));
    if (status != TERN_OK || !tern_constant_time_equal(mac, data + size, MAC_SIZE)) {
        return TERN_ERR_SIGNATURE;
    }
    tern_write(payload, tern_bytes(data, size));
    return tern_writer_status(payload) == TERN_OK ? type : TERN_ERR_NO_SPACE;
}

void pairing_close(struct pairing *pairing)
{
    if (pairing->fd >= 0) {
        close(pairing->fd);
    }
    pairing->fd = -1;
    tern_wipe(pairing->session, sizeof(pairing->session));
}
