/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of packages: writing each Psmo and Eco, and checking a list. SGP.32, 3.4, 3.5. */
#include "engine/eim/turn.h"

#define COMMAND_SIZE_MAX 8192

static void write_iccid(struct tern_writer *out, tern_tag tag, struct tern_bytes iccid,
                        bool rollback)
{
    tern_der_write_header(out, tag, 2 + iccid.size + (rollback ? 2 : 0));
    tern_der_write(out, 0x5A, iccid);
    if (rollback) {
        tern_der_write(out, 0x05, TERN_BYTES_TEXT(""));
    }
}

void tern_eim_psmo_enable(struct tern_writer *out, struct tern_bytes iccid, bool rollback)
{
    write_iccid(out, 0xA3, iccid, rollback);
}

void tern_eim_psmo_disable(struct tern_writer *out, struct tern_bytes iccid)
{
    write_iccid(out, 0xA4, iccid, false);
}

void tern_eim_psmo_delete(struct tern_writer *out, struct tern_bytes iccid)
{
    write_iccid(out, 0xA5, iccid, false);
}

void tern_eim_psmo_list_profile_info(struct tern_writer *out, struct tern_bytes criterion,
                                     struct tern_bytes tags)
{
    uint8_t body[600];
    struct tern_writer value = TERN_WRITER_OF(body);
    if (criterion.size > 0) {
        tern_der_write(&value, 0xA0, criterion);
    }
    if (tags.size > 0) {
        tern_der_write(&value, 0x5C, tags);
    }
    tern_der_write(out, 0xBF2D, tern_writer_bytes(&value));
}

void tern_eim_psmo_get_rat(struct tern_writer *out)
{
    tern_der_write(out, 0xA6, TERN_BYTES_TEXT(""));
}

void tern_eim_psmo_configure_immediate_enable(struct tern_writer *out, bool allow,
                                              struct tern_bytes oid, struct tern_bytes address)
{
    uint8_t body[600];
    struct tern_writer value = TERN_WRITER_OF(body);
    if (allow) {
        tern_der_write(&value, 0x80, TERN_BYTES_TEXT(""));
    }
    if (oid.size > 0) {
        tern_der_write(&value, 0x81, oid);
    }
    if (address.size > 0) {
        tern_der_write(&value, 0x82, address);
    }
    tern_der_write(out, 0xA7, tern_writer_bytes(&value));
}

void tern_eim_psmo_set_fallback(struct tern_writer *out, struct tern_bytes iccid)
{
    write_iccid(out, 0xA8, iccid, false);
}

void tern_eim_psmo_unset_fallback(struct tern_writer *out)
{
    tern_der_write(out, 0xA9, TERN_BYTES_TEXT(""));
}

void tern_eim_psmo_set_default_smdp(struct tern_writer *out, struct tern_bytes address)
{
    uint8_t body[600];
    struct tern_writer value = TERN_WRITER_OF(body);
    tern_der_write(&value, 0x80, address);
    tern_der_write(out, 0xBF65, tern_writer_bytes(&value));
}

void tern_eim_eco_add(struct tern_writer *out, struct tern_bytes configuration)
{
    tern_der_write(out, 0xA8, configuration);
}

void tern_eim_eco_update(struct tern_writer *out, struct tern_bytes configuration)
{
    tern_der_write(out, 0xAA, configuration);
}

void tern_eim_eco_delete(struct tern_writer *out, struct tern_bytes eim_id)
{
    uint8_t body[TERN_EIM_ID_SIZE + 8];
    struct tern_writer value = TERN_WRITER_OF(body);
    tern_der_write(&value, 0x80, eim_id);
    tern_der_write(out, 0xA9, tern_writer_bytes(&value));
}

void tern_eim_eco_list(struct tern_writer *out)
{
    tern_der_write(out, 0xAB, TERN_BYTES_TEXT(""));
}

static void write_bits(struct tern_writer *out, tern_tag tag, uint32_t bits)
{
    uint8_t value[2] = {0, 0};
    unsigned last = 0;
    for (unsigned bit = 0; bit < 8; bit++) {
        if ((bits & 1U << bit) != 0) {
            value[1] = (uint8_t)(value[1] | 0x80U >> bit);
            last = bit;
        }
    }
    value[0] = (uint8_t)(7 - last);
    tern_der_write(out, tag, TERN_BYTES_OF(value));
}

void tern_eim_configuration_write(struct tern_writer *out,
                                  const struct tern_eim_configuration *configuration)
{
    tern_der_write(out, 0x80, configuration->eim_id);
    if (configuration->fqdn.size > 0) {
        tern_der_write(out, 0x81, configuration->fqdn);
    }
    if (configuration->id_type > 0) {
        tern_der_write_int(out, 0x82, configuration->id_type);
    }
    if (configuration->counter >= 0) {
        tern_der_write_int(out, 0x83, configuration->counter);
    }
    if (configuration->token_request) {
        tern_der_write_int(out, 0x84, -1);
    }
    if (configuration->key_data.size > 0) {
        tern_der_write(out, 0xA5, configuration->key_data);
    }
    if (configuration->tls_data.size > 0) {
        tern_der_write(out, 0xA6, configuration->tls_data);
    }
    if (configuration->protocols != 0) {
        write_bits(out, 0x87, configuration->protocols);
    }
    if (configuration->ci_key_id.size > 0) {
        tern_der_write(out, 0x88, configuration->ci_key_id);
    }
    if (configuration->indirect) {
        tern_der_write(out, 0x89, TERN_BYTES_TEXT(""));
    }
}

static int fault(struct tern_fault *fault_out, const char *field, size_t offset, int error)
{
    *fault_out = (struct tern_fault){field, offset};
    return error;
}

static int check_psmo(const struct tern_tlv *command, unsigned *enables, unsigned *disables,
                      struct tern_fault *fault_out, size_t offset)
{
    bool named = command->tag == 0xA3 || command->tag == 0xA4 || command->tag == 0xA5 ||
                 command->tag == 0xA8;
    bool plain = command->tag == 0xBF2D || command->tag == 0xA6 || command->tag == 0xA7 ||
                 command->tag == 0xA9 || command->tag == 0xBF65;
    if (!named && !plain) {
        return fault(fault_out, "Psmo", offset, TERN_ERR_UNEXPECTED);
    }
    if (named && child_value(command->value, 0x5A).size != TERN_ICCID_SIZE) {
        return fault(fault_out, "iccid", offset, TERN_ERR_MISSING);
    }
    *enables += command->tag == 0xA3;
    *disables += command->tag == 0xA4;
    bool late_disable = command->tag == 0xA4 && *enables > 0;
    bool late_list = command->tag == 0xBF2D && (*enables > 0 || *disables > 0);
    if (*enables > 1 || *disables > 1 || late_disable || late_list) {
        /* sgp32.md 3.5, 5 and 6: the eUICC would refuse it */
        return fault(fault_out, "one enable and one disable, then nothing that looks at states",
                     offset, TERN_ERR_STATE);
    }
    return TERN_OK;
}

static int check_eco(const struct tern_tlv *command, struct tern_fault *fault_out, size_t offset)
{
    if (command->tag == 0xAB) {
        return TERN_OK;
    }
    if (command->tag != 0xA8 && command->tag != 0xA9 && command->tag != 0xAA) {
        return fault(fault_out, "Eco", offset, TERN_ERR_UNEXPECTED);
    }
    struct tern_bytes eim_id = child_value(command->value, 0x80);
    if (eim_id.size == 0 || eim_id.size > TERN_EIM_ID_SIZE) {
        return fault(fault_out, "eimId", offset, TERN_ERR_MISSING);
    }
    if (command->tag == 0xA8 && (child_value(command->value, 0x83).data == NULL ||
                                 child_value(command->value, 0xA5).data == NULL)) {
        return fault(fault_out, "counterValue and eimPublicKeyData", offset, TERN_ERR_MISSING);
    }
    if (command->tag == 0xAA && child_value(command->value, 0x84).data != NULL) {
        return fault(fault_out, "associationToken in updateEim", offset, TERN_ERR_UNEXPECTED);
    }
    return TERN_OK;
}

int tern_eim_command_check(struct tern_bytes request, struct tern_fault *fault_out)
{
    struct tern_tlv list;
    struct tern_tlv command;
    if (request.size > COMMAND_SIZE_MAX ||
        tern_der_single(request, &list, TERN_DER_STRICT) != TERN_OK ||
        (list.tag != 0xA0 && list.tag != 0xA1) || list.value.size == 0) {
        return fault(fault_out, "euiccPackage", 0, TERN_ERR_MALFORMED);
    }
    unsigned enables = 0;
    unsigned disables = 0;
    struct tern_bytes rest = list.value;
    while (rest.size > 0) {
        size_t offset = request.size - rest.size;
        if (tern_der_next(&rest, &command, TERN_DER_STRICT) != 1) {
            return fault(fault_out, "euiccPackage", offset, TERN_ERR_MALFORMED);
        }
        int error = list.tag == 0xA0 ? check_psmo(&command, &enables, &disables, fault_out, offset)
                                     : check_eco(&command, fault_out, offset);
        if (error != TERN_OK) {
            return error;
        }
    }
    return TERN_OK;
}
