/* SPDX-License-Identifier: Apache-2.0 */
/* EuiccPackageResultSigned around a list of results: sgp32.md 3.2 and 3.3. */
#include "engine/card/euicc_package.h"
#include "engine/card/pending.h"

int package_result(struct es10 *call, const struct package_frame *frame, int64_t sequence)
{
    uint8_t front[TERN_EIM_ID_SIZE + 64];
    struct tern_writer head = TERN_WRITER_OF(front);
    tern_der_write(&head, 0x80, frame->eim_id);
    tern_der_write_int(&head, 0x81, frame->counter);
    if (frame->transaction_id.data != NULL) tern_der_write(&head, 0x82, frame->transaction_id);
    tern_der_write_int(&head, 0x83, sequence);
    int status = tern_writer_status(&head);
    if (status == TERN_OK) status = es10_wrap(&call->out, 0, 0x30);
    if (status == TERN_OK) status = es10_prepend(&call->out, tern_writer_bytes(&head));
    if (status == TERN_OK) status = es10_wrap(&call->out, 0, 0x30);
    if (status != TERN_OK) return status;
    struct tern_bytes parts[] = {tern_writer_bytes(&call->out), frame->token};
    uint8_t signature[TERN_SIGNATURE_SIZE];
    status = es10_sign(call, frame->ci, signature, parts, 2);
    if (status != TERN_OK) return status;
    tern_der_write(&call->out, 0x5F37, TERN_BYTES_OF(signature));
    status = es10_wrap(&call->out, 0, 0xA0);
    if (status == TERN_OK) status = es10_wrap(&call->out, 0, 0xBF51);
    if (status != TERN_OK) return status;
    struct pending_record record = {PENDING_RESULT, frame->ci, tern_writer_bytes(&call->out)};
    return pending_add(call, sequence, &record);
}
