/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListNotification, RetrieveNotificationsList, RemoveNotificationFromList. SGP.22, 5.7.9 to 5.7.11;
 * SGP.32, 5.9.11 and 5.9.12; sgp32.md 6.1.
 *
 * A list longer than the response has room for is cut behind an element: the caller removes what
 * it delivered and asks again.
 */
#include "engine/card/functions.h"
#include "engine/card/pending.h"
#include "tern/messages/es10b.h"

/** What is looked for. */
struct search {
    bool by_number;
    int64_t number;
    bool by_event;
    uint64_t event;
    bool notifications;
    bool results;
};

/** Metadata of a stored notification. */
static int read_metadata(const struct pending_record *record,
                         struct tern_notification_metadata *metadata)
{
    struct tern_bytes body = record->body;
    struct tern_tlv tlv;
    int status = tern_der_next(&body, &tlv, TERN_DER_STRICT);
    if (status == 1 && record->kind == PENDING_INSTALLATION) {
        static const tern_tag PATH[] = {0xBF37, 0xBF27, 0xBF2F};
        status = tern_der_path(tlv.raw, PATH, TERN_COUNT_OF(PATH), &tlv);
        if (status == TERN_OK) status = 1;
    }
    if (status != 1) return status < 0 ? status : TERN_ERR_MALFORMED;
    return tern_asn_decode(&TERN_NOTIFICATION_METADATA, metadata, NULL, tlv.raw);
}

static int matches(const struct search *search, const struct pending_record *record,
                   int64_t sequence)
{
    if (search->by_number && search->number != sequence) return 0;
    if (record->kind == PENDING_RESULT) return search->results ? 1 : 0;
    if (!search->notifications) return 0;
    if (!search->by_event) return 1;
    struct tern_notification_metadata metadata;
    int status = read_metadata(record, &metadata);
    if (status != TERN_OK) return status;
    return (metadata.profile_management_operation & search->event) != 0 ? 1 : 0;
}

/** The whole element as it is delivered. */
static int write_element(const struct es10 *call, struct tern_writer *out,
                         const struct pending_record *record)
{
    size_t mark = out->size;
    tern_write(out, record->body);
    if (record->kind != PENDING_OTHER) return TERN_OK;
    const struct tern_card_ci *ci = &call->card->config.cis[record->ci];
    tern_write(out, ci->euicc_certificate);
    tern_write(out, ci->eum_certificate);
    return tern_writer_status(out) == TERN_OK ? es10_wrap(out, mark, 0x30) : TERN_OK;
}

static int write_metadata(const struct es10 *call, struct tern_writer *out,
                          const struct pending_record *record)
{
    (void)call;
    struct tern_notification_metadata metadata;
    int status = read_metadata(record, &metadata);
    if (status == TERN_OK) tern_write(out, metadata.raw);
    return status;
}

typedef int write_one(const struct es10 *call, struct tern_writer *out,
                      const struct pending_record *record);

/** Walk what waits and write what matches. Room for two headers is kept back. */
static int write_all(struct es10 *call, const struct search *search, write_one *write,
                     size_t *found)
{
    struct tern_card *card = call->card;
    size_t room = call->out.capacity - 10;
    uint32_t key = (uint32_t)RECORD_PENDING << 24;
    *found = 0;
    while (store_next(&card->store, key, &key) == 1 && key >> 24 == RECORD_PENDING) {
        struct tern_arena scratch = call->scratch;
        struct tern_bytes data;
        struct pending_record record;
        int status = es10_load(call, key, &data);
        if (status == TERN_OK) status = tern_asn_decode(&PENDING_RECORD, &record, NULL, data);
        if (status != TERN_OK) return status;
        int64_t sequence = key++ & 0xFFFFFF;
        int match = matches(search, &record, sequence);
        if (match < 0) return match;
        size_t before = call->out.size;
        if (match == 1) {
            status = write(call, &call->out, &record);
            if (status != TERN_OK && status != TERN_ERR_NO_SPACE) return status;
            (*found)++;
        }
        call->scratch = scratch;
        if (call->out.size > room) {
            call->out.size = before;
            break;
        }
    }
    return TERN_OK;
}

int es10_list_notification(struct es10 *call)
{
    struct tern_list_notification_request request;
    int status = es10_decode(call, &TERN_LIST_NOTIFICATION_REQUEST, &request);
    if (status != TERN_OK) return status;
    struct search search = {
        .notifications = true,
        .by_event = request.has_profile_management_operation,
        .event = request.profile_management_operation,
    };
    size_t found = 0;
    status = write_all(call, &search, write_metadata, &found);
    if (status == TERN_OK) status = es10_wrap(&call->out, 0, 0xA0);
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF28) : status;
}

/** @return false for a criterion that this version does not know. */
static bool read_criteria(struct search *search, const struct tern_card *card,
                          const struct tern_notification_search_criteria *criteria)
{
    *search = (struct search){.notifications = true};
    switch (criteria->arm) {
    case 0:
        return true;
    case TERN_NOTIFICATION_SEARCH_CRITERIA_IS_SEQ_NUMBER:
        search->by_number = true;
        search->number = criteria->seq_number;
        search->results = !card->config.without_iot;
        return true;
    case TERN_NOTIFICATION_SEARCH_CRITERIA_IS_PROFILE_MANAGEMENT_OPERATION:
        search->by_event = true;
        search->event = criteria->profile_management_operation;
        return true;
    case TERN_NOTIFICATION_SEARCH_CRITERIA_IS_EUICC_PACKAGE_RESULTS:
        search->notifications = false;
        search->results = true;
        return !card->config.without_iot;
    default:
        return false;
    }
}

int es10_retrieve_notifications_list(struct es10 *call)
{
    struct tern_retrieve_notifications_list_request request;
    int status = es10_decode(call, &TERN_RETRIEVE_NOTIFICATIONS_LIST_REQUEST, &request);
    if (status != TERN_OK) return status;
    struct search search;
    if (!read_criteria(&search, call->card, &request.search_criteria)) {
        struct tern_retrieve_notifications_list_response response = {
            .arm = TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE_IS_NOTIFICATIONS_LIST_RESULT_ERROR,
            .notifications_list_result_error = TERN_NOTIFICATIONS_LIST_RESULT_ERROR_undefinedError,
        };
        return es10_encode(call, &TERN_RETRIEVE_NOTIFICATIONS_LIST_RESPONSE, &response);
    }
    /* A number may be that of a result: those go under A2. sgp32.md 6.1 */
    size_t found = 0;
    tern_tag list = search.notifications ? 0xA0 : 0xA2;
    if (search.by_number && search.results) {
        search.notifications = false;
        status = write_all(call, &search, write_element, &found);
        if (status != TERN_OK) return status;
        list = found > 0 ? 0xA2 : 0xA0;
        search.notifications = true;
        search.results = false;
    }
    if (found == 0) status = write_all(call, &search, write_element, &found);
    if (status == TERN_OK) status = es10_wrap(&call->out, 0, list);
    return status == TERN_OK ? es10_wrap(&call->out, 0, 0xBF2B) : status;
}

int es10_remove_notification(struct es10 *call)
{
    struct tern_notification_sent_request request;
    int status = es10_decode(call, &TERN_NOTIFICATION_SENT_REQUEST, &request);
    if (status != TERN_OK) return status;
    int removed = pending_remove(call->card, request.seq_number);
    if (removed < 0) return removed;
    return es10_code(call, 0xBF30,
                     removed == 1 ? TERN_DELETE_NOTIFICATION_STATUS_ok
                                  : TERN_DELETE_NOTIFICATION_STATUS_nothingToDelete);
}
