/* SPDX-License-Identifier: Apache-2.0 */
/* `tern smdp`: the SM-DP+ and its ES2+ client. docs/SERVERS.md. */
#include "app/smdp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/verbs.h"
#include "host/config/files.h"

#define NAME_SPACE "setting"
#define NAME_KEY   TERN_BYTES_TEXT("address")

int verb_smdp(int argc, char **argv)
{
    static const struct command_row ROWS[] = {
        {"serve",   smdp_serve,   "run the SM-DP+: ES9+ for devices, ES2+ for operators"},
        {"order",   smdp_order,   "order profiles; activation codes as text, CSV or QR" },
        {"confirm", smdp_confirm, "ConfirmOrder for an ICCID that was ordered"          },
        {"release", smdp_release, "ReleaseProfile for an ICCID that was confirmed"      },
        {"cancel",  smdp_cancel,  "CancelOrder"                                         },
        {"show",    smdp_show,    "orders, profiles, sessions or status codes"          },
        {"profile", smdp_profile, "import profiles into the inventory, remove them"     },
        {"backup",  smdp_backup,  "a consistent copy of the data directory"             },
        {NULL,      NULL,         NULL                                                  },
    };
    return command_run("tern smdp COMMAND [OPTION ...]", ROWS, argc, argv);
}

/* The name this directory was used with, or the one to use from now on. */
static int settle_name(struct sqlite_store *store, const char *wanted, char name[])
{
    const struct tern_store *records = sqlite_store_interface(store);
    struct tern_writer out = tern_writer(name, TERN_ADDRESS_SIZE);
    if (wanted != NULL) {
        tern_write_text(&out, wanted);
        if (out.size > TERN_ADDRESS_SIZE) {
            return TERN_ERR_RANGE;
        }
        name[out.size] = '\0';
        return records->save(records->context, NAME_SPACE, NAME_KEY, tern_bytes_text(name));
    }
    int status = records->load(records->context, NAME_SPACE, NAME_KEY, &out);
    name[status == TERN_OK ? out.size : 0] = '\0';
    return status;
}

void smdp_policy(const struct smdp_options *options, struct tern_smdp *smdp)
{
    smdp->policy = (struct tern_smdp_policy){
        .order_lifetime_s = (uint32_t)options->order_lifetime,
        .attempts_max = (uint32_t)options->attempts,
        .confirmation_failures_max = (uint32_t)options->confirmation_failures,
        .session_keep_s = 90 * 24 * 3600,
        .answer_keep_s = 7 * 24 * 3600,
        .refuse_rebinding = options->refuse_rebinding,
        .confirmation_hex = options->confirmation_hex,
    };
    if (options->session_lifetime != 0) {
        smdp->server.session_lifetime_s = (uint32_t)options->session_lifetime;
    }
}

int smdp_open(const struct smdp_options *options, struct sqlite_store **store,
              struct tern_smdp *smdp)
{
    static char name[TERN_ADDRESS_SIZE + 1]; /* one data directory a process */
    uint8_t secret[SMDP_SECRET_SIZE];
    char path[512];
    *store = NULL;
    if (options->data == NULL) {
        fprintf(stderr, "tern smdp: --data DIR is missing\n");
        return TERN_ERR_MISSING;
    }
    int status = rsp_secret_load(options->data, secret, sizeof secret);
    if (status < 0 || path_join(path, sizeof path, options->data, "smdp.db") != TERN_OK) {
        return status < 0 ? status : TERN_ERR_RANGE;
    }
    status = sqlite_store_open(store, path);
    if (status < 0) {
        fprintf(stderr, "tern smdp: cannot open %s: %s\n", path, tern_error_text(status));
        return status;
    }
    status = settle_name(*store, options->name, name);
    if (status < 0) {
        fprintf(stderr, "tern smdp: --name FQDN is missing: %s was never used with one\n",
                options->data);
        sqlite_store_close(*store);
        *store = NULL;
        return status;
    }
    memset(smdp, 0, sizeof *smdp);
    rsp_server_defaults(&smdp->server, name);
    smdp_policy(options, smdp);
    smdp->store = sqlite_store_interface(*store);
    memcpy(smdp->server.secret, secret, TERN_RSP_SECRET_SIZE);
    memcpy(smdp->seal_key, secret + TERN_RSP_SECRET_SIZE, TERN_SMDP_SEAL_KEY_SIZE);
    tern_wipe(secret, sizeof secret);
    return TERN_OK;
}

int smdp_worker_open(struct smdp_server *server, struct smdp_worker *worker, struct loop *loop)
{
    char path[512];
    if (worker->group != NULL) {
        return TERN_OK;
    }
    int status = path_join(path, sizeof path, server->options.data, "smdp.db");
    if (status == TERN_OK && worker->store == NULL) {
        status = sqlite_store_open(&worker->store, path);
    }
    if (status < 0) {
        return status;
    }
    worker->smdp = server->smdp;
    worker->smdp.store = sqlite_store_interface(worker->store);
    worker->group = commit_group_new(loop, worker->store, 0);
    return worker->group == NULL ? TERN_ERR_NO_SPACE : TERN_OK;
}

void smdp_worker_close(struct smdp_worker *worker)
{
    if (worker->group != NULL) {
        commit_group_free(worker->group);
    }
    if (worker->store != NULL) {
        sqlite_store_close(worker->store);
    }
    while (worker->arena_count > 0) {
        free(worker->arenas[--worker->arena_count]);
    }
    tern_wipe(&worker->smdp, sizeof worker->smdp);
    memset(worker, 0, sizeof *worker);
}

struct tern_arena smdp_arena_get(struct smdp_worker *worker)
{
    void *data = worker->arena_count > 0 ? worker->arenas[--worker->arena_count]
                                         : malloc(TERN_SMDP_ARENA_SIZE);
    return tern_arena(data, data == NULL ? 0 : TERN_SMDP_ARENA_SIZE);
}

void smdp_arena_put(struct smdp_worker *worker, struct tern_arena arena)
{
    if (worker->arena_count < TERN_COUNT_OF(worker->arenas)) {
        worker->arenas[worker->arena_count++] = arena.data;
    } else {
        free(arena.data);
    }
}

const char *smdp_status_text(char *out, size_t out_size, const struct tern_status *status)
{
    if (tern_status_ok(status)) {
        snprintf(out, out_size, "ok");
    } else {
        snprintf(out, out_size, "%.*s/%.*s", (int)status->subject_code.size,
                 (const char *)status->subject_code.data, (int)status->reason_code.size,
                 (const char *)status->reason_code.data);
    }
    return out;
}
