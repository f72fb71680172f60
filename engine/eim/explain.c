/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why it failed, in words a person can act on: the spec's name of the code, what it means, which
 * party has to act, what to do. One row a code; codes and names are those of sgp32.md 3.3, 4.3,
 * 5.2 and sgp22.md 6.3, 9, 14.
 */
#include "engine/eim/turn.h"

struct row {
    int origin;
    int where; /* 0: anywhere */
    int code;
    struct tern_eim_explanation text;
};

#define R TERN_EIM_ORIGIN_RESULT
/* clang-format off */
static const struct row ROWS[] = {
    {R, 0x83, 1,  {"iccidOrAidNotFound", "the card has no profile with this ICCID", "operator", "list the profiles and use an ICCID from the list"}},
    {R, 0x83, 2,  {"profileNotInDisabledState", "the profile is enabled already", "operator", "nothing: it is enabled; list the profiles to see it"}},
    {R, 0x83, 3,  {"disallowedByPolicy", "a policy rule of the enabled profile forbids disabling it", "MSP", "ask the owner of the enabled profile to lift the rule"}},
    {R, 0x83, 5,  {"catBusy", "the card was in a proactive session and could not switch", "device", "send the package again later"}},
    {R, 0x83, 20, {"rollbackNotAvailable", "a rollback was asked for, but no profile is enabled to roll back to", "operator", "enable without the rollback flag"}},
    {R, 0x84, 1,  {"iccidOrAidNotFound", "the card has no profile with this ICCID", "operator", "list the profiles and use an ICCID from the list"}},
    {R, 0x84, 2,  {"profileNotInEnabledState", "the profile is not enabled", "operator", "nothing: it is disabled already"}},
    {R, 0x84, 3,  {"disallowedByPolicy", "a policy rule of the profile forbids disabling it", "MSP", "ask the owner of the profile to lift the rule"}},
    {R, 0x84, 5,  {"catBusy", "the card was in a proactive session and could not switch", "device", "send the package again later"}},
    {R, 0x85, 1,  {"iccidOrAidNotFound", "the card has no profile with this ICCID", "operator", "nothing: it is gone already; list the profiles to be sure"}},
    {R, 0x85, 2,  {"profileNotInDisabledState", "the profile is enabled", "operator", "enable another profile first, then delete this one"}},
    {R, 0x85, 3,  {"disallowedByPolicy", "a policy rule of the profile forbids deleting it", "MSP", "ask the owner of the profile to lift the rule"}},
    {R, 0x85, 20, {"rollbackNotAvailable", "it is the profile that a permitted rollback would return to", "operator", "send any other package first, which ends the permission, then delete"}},
    {R, 0x85, 21, {"returnFallbackProfile", "it is the profile to return to while the fallback profile is enabled", "device", "wait until the device has returned from fallback"}},
    {R, 0xBF2D, 1, {"incorrectInputValues", "the card does not understand the search criterion or tag list", "eIM", "list without a criterion"}},
    {R, 0xBF2D, 11, {"profileChangeOngoing", "a profile changes state in the same package", "operator", "list in a package of its own"}},
    {R, 0x87, 1,  {"insufficientMemory", "the card has no memory for the configuration", "operator", "delete a profile that is not needed"}},
    {R, 0x87, 7,  {"commandError", "the card refuses this configuration", "operator", "check the SM-DP+ OID and address"}},
    {R, 0xA8, 1,  {"insufficientMemory", "the card has no room for another eIM", "operator", "delete an eIM configuration that is not needed"}},
    {R, 0xA8, 2,  {"associatedEimAlreadyExists", "the card has an eIM with this eimId", "operator", "update that one, or delete it first"}},
    {R, 0xA8, 3,  {"ciPKUnknown", "the card has no key under the CI that was named", "operator", "name one of the CIs in the card's EUICCInfo2, or none"}},
    {R, 0xA8, 5,  {"invalidAssociationToken", "the token in the request was not -1", "eIM", "report this as a fault of the eIM"}},
    {R, 0xA8, 6,  {"counterValueOutOfRange", "the initial counter is above what the card can hold", "operator", "use a lower initial counter"}},
    {R, 0xA8, 7,  {"commandError", "a member of the configuration is missing or not allowed", "operator", "give eimId, counter and public key"}},
    {R, 0x89, 1,  {"eimNotFound", "the card has no eIM with this eimId", "operator", "list the eIMs; nothing to delete"}},
    {R, 0x89, 7,  {"commandError", "the card refuses to delete this eIM", "operator", "list the eIMs and try again"}},
    {R, 0x8A, 1,  {"eimNotFound", "the card has no eIM with this eimId", "operator", "list the eIMs, or add it"}},
    {R, 0x8A, 3,  {"ciPKUnknown", "the card has no key under the CI that was named", "operator", "name one of the CIs in the card's EUICCInfo2, or none"}},
    {R, 0x8A, 6,  {"counterValueOutOfRange", "the counter is above what the card can hold", "operator", "use a lower counter together with a new key"}},
    {R, 0x8A, 7,  {"commandError", "nothing to change, or a lower counter without a new key", "operator", "send a new key with the lower counter"}},
    {R, 0x8D, 1,  {"iccidOrAidNotFound", "the card has no profile with this ICCID", "operator", "list the profiles and use an ICCID from the list"}},
    {R, 0x8D, 2,  {"fallbackNotAllowed", "the owner of the profile does not allow it as fallback", "MSP", "ask the owner, or choose another profile"}},
    {R, 0x8D, 3,  {"fallbackProfileEnabled", "the present fallback profile is in use", "device", "wait until the device has returned from fallback"}},
    {R, 0x8E, 2,  {"noFallbackAttribute", "no profile has the fallback attribute", "operator", "nothing to unset"}},
    {R, 0x8E, 3,  {"fallbackProfileEnabled", "the fallback profile is in use", "device", "wait until the device has returned from fallback"}},
    {R, 0x8E, 7,  {"commandError", "the card refuses to unset the fallback attribute", "operator", "list the profiles and try again"}},
    {R, 0x02, 1,  {"resultSizeOverflow", "the result was too large for the card", "operator", "split the package, or ask for fewer tags"}},
    {R, 0x02, 2,  {"unknownOrDamagedCommand", "the card does not know the command", "operator", "check the SGP.32 version of the card; leave the command out"}},
    {R, 0x02, 3,  {"interruption", "the card was interrupted while it executed", "device", "list the profiles, then send the package again"}},
    {R, 0, 127,   {"undefinedError", "the card gives no reason", "card", "list the profiles and try again; ask the card's maker if it stays"}},

    {TERN_EIM_ORIGIN_PACKAGE, 0, 3,   {"invalidEid", "the package was for another EID", "eIM", "check that the device's EID is recorded right"}},
    {TERN_EIM_ORIGIN_PACKAGE, 0, 4,   {"replayError", "the card has executed a package with this or a higher counter", "eIM", "the stored result is being fetched"}},
    {TERN_EIM_ORIGIN_PACKAGE, 0, 6,   {"counterValueOutOfRange", "the counter is above what the card can hold", "operator", "renew the association: updateEim with a new key and a lower counter"}},
    {TERN_EIM_ORIGIN_PACKAGE, 0, 15,  {"sizeOverflow", "the package is too large for the card", "operator", "split it"}},
    {TERN_EIM_ORIGIN_PACKAGE, 0, 104, {"ecallActive", "the Emergency Profile is enabled: the card takes no packages", "device", "wait until the emergency call has ended"}},
    {TERN_EIM_ORIGIN_PACKAGE, 0, 127, {"undefinedError", "the card refused the package without a reason", "card", "try again; ask the card's maker if it stays"}},
    {TERN_EIM_ORIGIN_UNSIGNED, 0, -1, {"euiccPackageErrorUnsigned", "the card does not know this eIM, or could not verify the package's signature", "eIM", "token and certificates are being fetched again; then try again. If it stays, the card has another key or no configuration of this eIM: enrol it again"}},
    {TERN_EIM_ORIGIN_IPA, 0, 1,       {"invalidPackageFormat", "the IPA could not read what we sent", "device", "check the activation code or the IPA's version"}},
    {TERN_EIM_ORIGIN_IPA, 0, 2,       {"unknownPackage", "the IPA does not know this kind of package, or this way of downloading", "device", "check the IPA's capabilities"}},
    {TERN_EIM_ORIGIN_IPA, 0, 127,     {"undefinedError", "the IPA gives no reason", "device", "try again; see the device's log"}},
    {TERN_EIM_ORIGIN_DATA, 0, 1,      {"incorrectTagList", "the IPA does not know one of the tags asked for", "device", "ask for fewer tags"}},
    {TERN_EIM_ORIGIN_DATA, 0, 5,      {"euiccCiPKIdNotFound", "the card has no certificate under the CI asked for", "operator", "correct the CI of this device"}},
    {TERN_EIM_ORIGIN_DATA, 0, 104,    {"ecallActive", "the Emergency Profile is enabled", "device", "wait until the emergency call has ended"}},
    {TERN_EIM_ORIGIN_DATA, 0, 127,    {"undefinedError", "the IPA gives no reason", "device", "try again; see the device's log"}},
    {TERN_EIM_ORIGIN_TRIGGER, 0, 104, {"ecallActive", "the Emergency Profile is enabled", "device", "wait until the emergency call has ended"}},
    {TERN_EIM_ORIGIN_TRIGGER, 0, 127, {"undefinedError", "the IPA could not download the profile and gives no reason", "device", "see the device's log; try again"}},

    {TERN_EIM_ORIGIN_INSTALL, 0, 1,   {"incorrectInputValues", "the bound profile package has values the card does not accept", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 2,   {"invalidSignature", "the SM-DP+'s signature over the keys does not verify", "SM-DP+", "start the download again; ask the operator of the SM-DP+ if it stays"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 3,   {"invalidTransactionId", "the package belongs to another session", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 4,   {"unsupportedCrtValues", "the SM-DP+ uses key parameters the card does not have", "SM-DP+", "use an SM-DP+ for this kind of card"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 5,   {"unsupportedRemoteOperationType", "the package is not an installation", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 6,   {"unsupportedProfileClass", "the card takes no profiles of this class", "MSP", "order an operational profile"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 7,   {"scp03tStructureError", "the package is damaged or malformed", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 8,   {"scp03tSecurityError", "a MAC of the package does not verify: it is damaged or for another card", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 9,   {"installFailedDueToIccidAlreadyExistsOnEuicc", "the card has a profile with this ICCID", "operator", "delete that profile first, or use it"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 10,  {"installFailedDueToInsufficientMemoryForProfile", "the card has not enough free memory", "operator", "delete a profile that is not needed"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 11,  {"installFailedDueToInterruption", "the installation was interrupted", "device", "start the download again"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 12,  {"installFailedDueToPEProcessingError", "the card cannot process an element of the profile", "MSP", "ask the MSP for a profile that suits this card"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 13,  {"installFailedDueToDataMismatch", "the profile and its metadata have different ICCIDs", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 14,  {"testProfileInstallFailedDueToInvalidNaaKey", "a test profile without the test key", "MSP", "order an operational profile"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 15,  {"pprNotAllowed", "the card does not authorise a policy rule of the profile", "MSP", "ask for a profile without the rule"}},
    {TERN_EIM_ORIGIN_INSTALL, 0, 127, {"installFailedDueToUnknownError", "the card could not install the profile and gives no reason", "card", "start the download again"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 1, {"invalidCertificate", "the card does not trust the SM-DP+'s certificate", "SM-DP+", "use an SM-DP+ under a CI that the card knows"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 2, {"invalidSignature", "the SM-DP+'s signature does not verify", "SM-DP+", "start the download again; suspect a relay that changes messages"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 3, {"unsupportedCurve", "the card does not support the SM-DP+'s curve", "SM-DP+", "use an SM-DP+ for this card's curve"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 4, {"noSessionContext", "the card has lost its session, probably by a reset", "device", "start the download again"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 5, {"invalidOid", "the server's certificate is not that of an SM-DP+ or SM-DS", "SM-DP+", "check the address in the activation code"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 6, {"euiccChallengeMismatch", "the server answered another session", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_AUTHENTICATE, 0, 7, {"ciPKUnknown", "the card does not have the CI that the SM-DP+ chose", "SM-DP+", "use an SM-DP+ under a CI that the card knows"}},
    {TERN_EIM_ORIGIN_PREPARE, 0, 1, {"invalidCertificate", "the card does not trust the certificate that binds the profile", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_PREPARE, 0, 2, {"invalidSignature", "the SM-DP+'s signature does not verify", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_PREPARE, 0, 3, {"unsupportedCurve", "the card does not support the SM-DP+'s curve", "SM-DP+", "use an SM-DP+ for this card's curve"}},
    {TERN_EIM_ORIGIN_PREPARE, 0, 4, {"noSessionContext", "the card has lost its session, probably by a reset", "device", "start the download again"}},
    {TERN_EIM_ORIGIN_PREPARE, 0, 5, {"invalidTransactionId", "the answer belongs to another session", "SM-DP+", "start the download again"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 0, {"endUserRejection", "the device refused the download", "device", "see the device's log"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 1, {"postponed", "the device postponed the download", "device", "nothing: it is offered again"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 2, {"timeout", "the device ran out of time", "device", "nothing: it is offered again"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 3, {"pprNotAllowed", "a policy rule of the profile is not authorised on this card", "MSP", "ask for a profile without the rule"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 4, {"metadataMismatch", "the package has other metadata than announced", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 5, {"loadBppExecutionError", "the card stopped in the middle of the package", "card", "order the profile again; ask the card's maker if it stays"}},
    {TERN_EIM_ORIGIN_CANCEL, 0, 127, {"undefinedReason", "the device cancelled the download", "device", "see the device's log"}},

    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_EXPIRED, {"expired", "the device did not ask for it in time", "device", "see when the device was last seen; queue it again"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_COUNTER_EXHAUSTED, {"counterExhausted", "no counter is left for this association", "operator", "update this eIM's key with a lower counter, or delete and add it again"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_SMDP_UNREACHABLE, {"smdpUnreachable", "the SM-DP+ or SM-DS could not be reached or its TLS certificate is not trusted", "SM-DP+", "check the address and the CI of its TLS certificate; the device asks again"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_SMDP_MISMATCH, {"smdpAddressMismatch", "another server answered than the activation code names", "MSP", "check the activation code"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_OID_MISMATCH, {"smdpOidMismatch", "the SM-DP+'s certificate has another OID than the activation code", "MSP", "check the activation code"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_METADATA_MISMATCH, {"metadataMismatch", "the package has other metadata than announced", "SM-DP+", "ask the operator of the SM-DP+"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_PPR_REFUSED, {"pprNotAllowed", "a policy rule of the profile is not in the card's Rules Authorisation Table", "MSP", "ask for a profile without the rule"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_RESULT_LOST, {"resultLost", "the card has seen this counter, but keeps no result for it", "operator", "look at the refreshed profile list, then decide whether to send it again"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_ATTEMPTS, {"noResult", "the device fetched it many times and never reported", "device", "see the device's log"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_ROLLED_BACK, {"rolledBack", "the new profile gave no connection; the device returned to the one before", "network", "check coverage and roaming of the new profile before trying again"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_NO_EVENT, {"noEvent", "the SM-DS has no event for this device", "MSP", "ask the MSP to register the order with the SM-DS"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_RESULT_UNTRUSTED, {"resultUntrusted", "the result does not answer the commands that were sent", "card", "list the profiles; ask the card's maker"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_CODE_MISSING, {"confirmationCodeMissing", "the profile needs a confirmation code", "operator", "add the confirmation code that the MSP gave"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_POLICY, {"outboundPolicy", "the outbound policy forbids this address", "operator", "allow the network or port in the configuration if it is right"}},
    {TERN_EIM_ORIGIN_EIM, 0, TERN_EIM_OWN_SMDP_ANSWER, {"smdpAnswer", "the SM-DP+ sent something that is not an answer", "SM-DP+", "ask the operator of the SM-DP+"}},
};
/* clang-format on */
#undef R

static void dotted(struct tern_writer *out, int64_t packed, int parts)
{
    for (int i = parts - 1; i >= 0; i--) {
        int64_t number = packed >> (8 * i) & 0xFF;
        if (number == 0 && i == 0 && parts == 3) {
            break;
        }
        if (out->size > 0) {
            tern_write_byte(out, '.');
        }
        tern_write_decimal(out, (uint64_t)number);
    }
}

static bool explain_status(struct tern_eim_explanation *out, int64_t subject, int64_t reason)
{
    char subject_text[16];
    char reason_text[16];
    struct tern_writer a = TERN_WRITER_OF(subject_text);
    struct tern_writer b = TERN_WRITER_OF(reason_text);
    dotted(&a, subject, 3);
    dotted(&b, reason, 2);
    enum tern_status_code code = tern_status_find(tern_writer_bytes(&a), tern_writer_bytes(&b));
    if (code == TERN_STATUS_SUCCESS) {
        return false;
    }
    const struct tern_status_text *text = tern_status_text(code);
    *out = (struct tern_eim_explanation){text->name, text->meaning, "SM-DP+", text->action};
    return true;
}

void tern_eim_explain(struct tern_eim_explanation *out, int64_t origin, int64_t where, int64_t code)
{
    *out = (struct tern_eim_explanation){"unknown", "a code that this version does not know",
                                         "operator",
                                         "decode the result with tern decode; report the code"};
    if (origin == TERN_EIM_ORIGIN_NONE) {
        *out = (struct tern_eim_explanation){"", "", "", ""};
        return;
    }
    if (origin == TERN_EIM_ORIGIN_SMDP && explain_status(out, where, code)) {
        return;
    }
    for (size_t i = 0; i < TERN_COUNT_OF(ROWS); i++) {
        if (ROWS[i].origin == origin && (ROWS[i].where == 0 || ROWS[i].where == where) &&
            (ROWS[i].code == code || ROWS[i].code == -1)) {
            *out = ROWS[i].text;
            return;
        }
    }
}
