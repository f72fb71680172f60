/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream of a profile package: collect an element, process it, forget it; then the answer.
 * saip.md 1, 4, 12 and 13.
 *
 *     bytes --> header of a TLV --> its value into the buffer --> the handler of its number
 *                                                                  | 0: go on
 *                                                                  | status, mandated: abort
 *                                                                  | cannot run, optional: report
 */
#include "engine/profile/install.h"

#include <string.h>

enum { OPTIONAL_REPORT = TERN_PE_NOT_SUPPORTED };

struct handler {
    unsigned number;
    unsigned (*run)(struct tern_profile_install *install, const struct element *element);
};

/* Java Card is not there: saip.md 11.2. */
static unsigned refuse_application(struct tern_profile_install *install,
                                   const struct element *element)
{
    (void)install;
    return element->header.mandated ? TERN_PE_RUNTIME_NOT_SUPPORTED : TERN_PE_NOT_SUPPORTED;
}

static const struct handler HANDLERS[] = {
    {0,  install_header         },
    {1,  install_gfm            },
    {2,  install_pin_codes      },
    {3,  install_puk_codes      },
    {4,  install_aka            },
    {5,  install_cdma           },
    {6,  install_security_domain},
    {7,  install_rfm            },
    {8,  refuse_application     },
    {10, install_end            },
};

const char *tern_pe_status_name(unsigned status)
{
    const struct tern_asn_field *field = &TERN_SAIP_PE_STATUS.fields[0];
    const char *name = tern_asn_name(field->of.names, (int64_t)status);
    return name == NULL ? "unknown" : name;
}

unsigned install_status_of(int error)
{
    switch (error) {
    case TERN_OK:
        return TERN_PE_OK;
    case TERN_ERR_NO_SPACE:
        return TERN_PE_NOT_ENOUGH_MEMORY;
    case TERN_ERR_RANGE:
        return TERN_PE_BAD_VALUES;
    case TERN_ERR_IO:
        return TERN_PE_MEMORY_FAILURE;
    default:
        return TERN_PE_INVALID_REQUEST_FORMAT;
    }
}

unsigned install_append(struct tern_profile_install *install, struct image_node *node)
{
    size_t need = IMAGE_NODE_SIZE + (size_t)node->size;
    size_t room = install->options.image.capacity - install->image_size;
    if (need > room) {
        install->memory_needed = install->image_size + need;
        return TERN_PE_NOT_ENOUGH_MEMORY;
    }
    node->offset = (uint32_t)install->image_size;
    unsigned status = install_status_of(image_node_write(&install->options.image, node));
    if (status == TERN_PE_OK) install->image_size += need;
    return status;
}

unsigned install_write(struct tern_profile_install *install, const struct image_node *node,
                       size_t at, struct tern_bytes bytes)
{
    if (at > node->size || bytes.size > node->size - at) return TERN_PE_BAD_VALUES;
    return install_status_of(image_write(&install->options.image, node, at, bytes));
}

unsigned install_append_bytes(struct tern_profile_install *install, struct image_node *node,
                              struct tern_bytes bytes)
{
    node->size = (uint32_t)bytes.size;
    unsigned status = install_append(install, node);
    return status != TERN_PE_OK ? status : install_write(install, node, 0, bytes);
}

bool install_child(const struct tern_profile_install *install, uint32_t directory, uint16_t fid,
                   struct image_node *node)
{
    *node = (struct image_node){0};
    while (image_next(&install->options.image, node, (uint32_t)install->image_size) == 1) {
        if (node->kind > IMAGE_EF || node->kind == IMAGE_MF) continue;
        if (node->parent == directory && node->fid == fid) return true;
    }
    return false;
}

bool install_path(const struct tern_profile_install *install, struct tern_bytes path,
                  struct image_node *node)
{
    uint32_t directory = install->mf;
    if (directory == 0 || path.size % 2 != 0) return false;
    if (image_node_read(&install->options.image, node, directory) != TERN_OK) return false;
    for (size_t i = 0; i < path.size; i += 2) {
        uint16_t fid = (uint16_t)(path.data[i] << 8 | path.data[i + 1]);
        if (i == 0 && fid == 0x3F00) continue;
        if (!install_child(install, directory, fid, node)) return false;
        directory = node->offset;
    }
    return true;
}

int tern_profile_install_begin(struct tern_profile_install *install,
                               const struct tern_profile_install_options *options)
{
    memset(install, 0, sizeof *install);
    install->options = *options;
    install->image_size = IMAGE_HEAD_SIZE;
    if (options->buffer_size < TERN_PROFILE_ELEMENT_SIZE_MIN) return TERN_ERR_NO_SPACE;
    return image_begin(&install->options.image);
}

static void note(struct tern_profile_install *install, const struct element *element,
                 unsigned status)
{
    struct tern_pe_report report = {.status = (uint16_t)status,
                                    .has_identification = element->has_header,
                                    .identification = (uint16_t)element->header.identification};
    if (install->report_count < TERN_PROFILE_STATUS_COUNT_MAX) {
        install->reports[install->report_count++] = report;
    }
}

static void abort_with(struct tern_profile_install *install, const struct element *element,
                       unsigned status)
{
    install->finished = true;
    install->aborted = true;
    install->failure = (struct tern_pe_report){
        .status = (uint16_t)status,
        .has_identification = element != NULL && element->has_header,
        .identification = element == NULL ? (uint16_t)0 : (uint16_t)element->header.identification};
}

/* Every element but the header begins with A0 PEHeader; identifications come once. */
static unsigned read_pe_header(struct tern_profile_install *install, struct element *element)
{
    struct tern_bytes rest = element->value;
    struct tern_tlv first;
    if (element->number == 0) return TERN_PE_OK;
    if (tern_der_next(&rest, &first, TERN_DER_STRICT) != 1) return TERN_PE_INVALID_REQUEST_FORMAT;
    int status = tern_asn_decode_as(&TERN_PE_HEADER, &element->header, NULL, first.raw, 0xA0, 0);
    if (status != TERN_OK) return install_status_of(status);
    element->has_header = true;
    uint16_t identification = (uint16_t)element->header.identification;
    for (size_t i = 0; i < install->identification_count; i++) {
        if (install->identifications[i] == identification) return TERN_PE_BAD_VALUES;
    }
    if (install->identification_count < TERN_COUNT_OF(install->identifications)) {
        install->identifications[install->identification_count++] = identification;
    }
    return TERN_PE_OK;
}

/* The header comes first and once; files need an MF; PE-End is the last. saip.md 13. */
static unsigned check_order(const struct tern_profile_install *install,
                            const struct element *element)
{
    enum { HEADER = 0, PUK = 3, END = 10, MF = 16, IOT = 32, CD = 17, TELECOM = 18 };
    bool first = install->element_count == 0;
    uint64_t bit = (uint64_t)1 << element->number;
    if ((element->number == HEADER) != first) return TERN_PE_INVALID_REQUEST_FORMAT;
    if (element->number == MF || element->number == IOT || element->number == CD ||
        element->number == TELECOM || element->number == PUK) {
        if ((install->seen & bit) != 0) return TERN_PE_INVALID_REQUEST_FORMAT;
    }
    if (element->number >= CD && element->number != IOT && install->mf == 0) {
        return TERN_PE_INVALID_REQUEST_FORMAT;
    }
    return TERN_PE_OK;
}

static unsigned run_handler(struct tern_profile_install *install, const struct element *element)
{
    if (element->truncated && element->number != 8 && element->number != 9) {
        install->memory_needed = element->raw.size;
        return TERN_PE_NOT_ENOUGH_MEMORY;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(HANDLERS); i++) {
        if (HANDLERS[i].number == element->number) return HANDLERS[i].run(install, element);
    }
    if (template_find(element->number) != NULL) return install_template(install, element);
    return TERN_PE_NOT_SUPPORTED; /* nonStandard, rfu1 to rfu5, and what comes after 3.3.1 */
}

static void process(struct tern_profile_install *install, tern_tag tag, struct tern_bytes raw,
                    struct tern_bytes value, bool truncated)
{
    int number = element_number(tag);
    struct element element = {.number = number < 0 ? 63u : (unsigned)number & 63u,
                              .raw = raw,
                              .value = value,
                              .truncated = truncated};
    unsigned status = number < 0 || number > 62 ? TERN_PE_INVALID_REQUEST_FORMAT : TERN_PE_OK;
    if (status == TERN_PE_OK) status = read_pe_header(install, &element);
    if (status == TERN_PE_OK) status = check_order(install, &element);
    if (status == TERN_PE_OK) {
        status = run_handler(install, &element);
        if (status == OPTIONAL_REPORT && !element.header.mandated) {
            note(install, &element, status);
            status = TERN_PE_OK;
        }
    }
    install->element_count++;
    install->seen |= (uint64_t)1 << element.number;
    if (status != TERN_PE_OK) abort_with(install, &element, status);
}

/* The header of the next TLV is complete: room for the element, and its first bytes. */
static void element_begin(struct tern_profile_install *install)
{
    const struct tern_der_header *header = &install->header;
    install->element_total = (size_t)header->raw_size + header->value_size;
    install->element_skipped = install->element_total > install->options.buffer_size;
    memcpy(install->options.buffer, header->raw, header->raw_size);
    install->element_size = header->raw_size;
}

static void element_collect(struct tern_profile_install *install, struct tern_bytes *bytes)
{
    size_t wanted = install->element_total - install->element_size;
    size_t count = bytes->size < wanted ? bytes->size : wanted;
    size_t room = install->options.buffer_size > install->element_size
                      ? install->options.buffer_size - install->element_size
                      : 0;
    size_t kept = count < room ? count : room;
    if (kept > 0) memcpy(install->options.buffer + install->element_size, bytes->data, kept);
    install->element_size += count;
    *bytes = tern_bytes_slice(*bytes, count, bytes->size);
}

static void element_finish(struct tern_profile_install *install)
{
    struct tern_bytes raw = tern_bytes(install->options.buffer, install->element_total);
    if (install->element_skipped) raw.size = install->options.buffer_size;
    struct tern_bytes value = tern_bytes_slice(raw, install->header.raw_size, raw.size);
    process(install, install->header.tag, raw, value, install->element_skipped);
    tern_wipe(install->options.buffer, raw.size);
    install->header = (struct tern_der_header){0};
    install->element_total = 0;
}

int tern_profile_install_feed(struct tern_profile_install *install, struct tern_bytes bytes)
{
    while (bytes.size > 0) {
        if (install->aborted) return TERN_ERR_DENIED;
        if (install->finished) return TERN_ERR_UNEXPECTED;
        if (install->element_total == 0) {
            int status = tern_der_header_feed(&install->header, &bytes);
            if (status < 0) {
                abort_with(install, NULL, TERN_PE_INVALID_REQUEST_FORMAT);
            } else if (status == 1) {
                element_begin(install);
            }
        }
        if (install->element_total == 0) continue;
        element_collect(install, &bytes);
        if (install->element_size == install->element_total) element_finish(install);
    }
    if (install->aborted) return TERN_ERR_DENIED;
    return install->finished ? 1 : TERN_OK;
}

static void write_report(struct tern_writer *out, const struct tern_pe_report *report)
{
    uint8_t buffer[16];
    struct tern_writer inner = TERN_WRITER_OF(buffer);
    tern_der_write_int(&inner, 0x80, report->status);
    if (report->has_identification) tern_der_write_int(&inner, 0x81, report->identification);
    tern_der_write(out, 0x30, tern_writer_bytes(&inner));
}

int tern_profile_install_finish(struct tern_profile_install *install, struct tern_writer *response)
{
    static const struct tern_pe_report SUCCESS = {.status = TERN_PE_OK};
    uint8_t list[16 * (TERN_PROFILE_STATUS_COUNT_MAX + 1)], body[sizeof list + 16];
    struct tern_writer statuses = TERN_WRITER_OF(list), inner = TERN_WRITER_OF(body);
    if (!install->finished) abort_with(install, NULL, TERN_PE_INVALID_REQUEST_FORMAT);
    for (size_t i = 0; i < install->report_count; i++)
        write_report(&statuses, &install->reports[i]);
    write_report(&statuses, install->aborted ? &install->failure : &SUCCESS);
    tern_der_write(&inner, 0xA0, tern_writer_bytes(&statuses));
    if (install->aborted) tern_der_write(&inner, 0x81, TERN_BYTES_TEXT(""));
    tern_der_write(response, 0x30, tern_writer_bytes(&inner));
    tern_wipe(install->options.buffer, install->options.buffer_size);
    return install->aborted ? TERN_ERR_DENIED : TERN_OK;
}
