/* SPDX-License-Identifier: Apache-2.0 */
/** `tern eim serve`: the options of the standalone eIM, and running it. */
#ifndef HOST_EIM_EIM_HOST_H
#define HOST_EIM_EIM_HOST_H

#include "host/config/options.h"
#include "tern/bytes.h"

struct eim_host_options {
    const char *data;          /**< DATA folder: eim.db, enrolment-token, api.json */
    const char *pki;           /**< PKI folder: EIMsign, EIMtls, the CIs */
    const char *listen_esipa;  /**< "127.0.0.1:8443" */
    const char *listen_coaps;  /**< ESipa over CoAP and DTLS, "0.0.0.0:5684"; NULL: not */
    const char *listen_oscore; /**< ESipa over CoAP and OSCORE (proprietary); NULL: not */
    const char *oscore;        /**< keys, host/carrier/oscore_file.h */
    const char *psk;           /**< DTLS keys, host/carrier/psk_file.h; NULL: certificates only */
    const char *coap_timing;   /**< "default" or "nb-iot" */
    const char *listen_api;    /**< "127.0.0.1:8440" */
    const char *ready;         /**< file to write once listening, or NULL */
    const char *trace;         /**< folder for every message, or NULL */
    const char *eim_id;        /**< NULL: the CN of the signing certificate */
    const char *fqdn;          /**< NULL: the dNSName of the TLS certificate */
    const char *log_level;
    struct option_list resolve;
    struct option_list allow_network; /**< private networks that calls may go to */
    struct option_list allow_port;
    uint64_t workers;
    uint64_t call_timeout_ms;     /**< one call to an SM-DP+ */
    uint64_t retry_ms;            /**< first retry of a notification; 0: 30 s */
    uint64_t requests_per_second; /**< of one API token; 0: 50 */
    const char *api_client_ca;    /**< file: API clients must show a certificate under it */
};

/** Serve until SIGINT or SIGTERM. @return exit status */
int eim_host_serve(const struct eim_host_options *options);

/** What `tern eim enrol-file` needs of a PKI. */
struct eim_enrol_options {
    const char *pki;
    const char *output; /**< file, NULL or "-": stdout */
    const char *eim_id;
    const char *fqdn; /**< eimFqdn; NULL: the dNSName of the TLS certificate */
    uint64_t counter;
    bool no_token;
    bool certificate;     /**< eimCertificate in place of eimPublicKey */
    bool tls_certificate; /**< trustedCertificateTls in place of trustedEimPkTls */
    bool no_indirect;
    bool json;
    struct option_list protocol; /**< retrieve-https (default), retrieve-coaps, inject-https .. */
    const char *ci;              /**< euiccCiPKId in hex, or NULL */
    const char *curve;           /**< "p256" or "brainpool"; NULL: the first key found */
};
int eim_host_enrol_file(const struct eim_enrol_options *options);

#endif
