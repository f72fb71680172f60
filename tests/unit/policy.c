/* SPDX-License-Identifier: Apache-2.0 */
/* Where servers may connect to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "host/policy/policy.h"

static int check(const struct outbound_policy *policy, const char *text)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
        return outbound_check_address(policy, (struct sockaddr *)&ipv4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
    return outbound_check_address(policy, (struct sockaddr *)&ipv6);
}

static void private_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {"127.0.0.1",
                                      "127.255.255.255",
                                      "10.0.0.1",
                                      "172.16.0.1",
                                      "172.31.255.255",
                                      "192.168.1.1",
                                      "169.254.169.254",
                                      "100.64.0.1",
                                      "0.0.0.0",
                                      "224.0.0.1",
                                      "255.255.255.255",
                                      "::1",
                                      "::",
                                      "fe80::1",
                                      "fd00::1",
                                      "ff02::1",
                                      "::ffff:127.0.0.1",
                                      "::ffff:10.0.0.1",
                                      "::127.0.0.1",
                                      "64:ff9b::7f00:1",
                                      "2002:7f00:1::",
                                      "2001:db8::1"};
    static const char *const GOOD[] = {"1.1.1.1",        "172.15.255.255", "172.32.0.0",
                                       "100.63.255.255", "2606:4700::1",   "64:ff9b::101:101"};
    struct outbound_policy policy = {0};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        assert_int_equal(check(&policy, BAD[i]), TERN_ERR_DENIED);
        assert_int_equal(check(NULL, BAD[i]), TERN_OK);
    }
    for (size_t i = 0; i < TERN_COUNT_OF(GOOD); i++) {
        assert_int_equal(check(&policy, GOOD[i]), TERN_OK);
    }
}

static void listed_networks_are_allowed(void **state)
{
    (void)state;
    struct outbound_policy policy = {0};
    assert_int_equal(outbound_allow_network(&policy, "10.1.2.0/23"), TERN_OK);
    assert_int_equal(outbound_allow_network(&policy, "fd00:1::/32"), TERN_OK);
    assert_int_equal(outbound_allow_network(&policy, "127.0.0.1"), TERN_OK);
    assert_int_equal(check(&policy, "10.1.3.255"), TERN_OK);
    assert_int_equal(check(&policy, "::ffff:10.1.3.255"), TERN_OK);
    assert_int_equal(check(&policy, "10.1.4.0"), TERN_ERR_DENIED);
    assert_int_equal(check(&policy, "fd00:1::5"), TERN_OK);
    assert_int_equal(check(&policy, "fd00:2::5"), TERN_ERR_DENIED);
    assert_int_equal(check(&policy, "127.0.0.1"), TERN_OK);
    assert_int_equal(check(&policy, "127.0.0.2"), TERN_ERR_DENIED);
    static const char *const BAD[] = {"", "x", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/-1"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        assert_int_equal(outbound_allow_network(&policy, BAD[i]), TERN_ERR_MALFORMED);
    }
}

static void schemes_and_ports(void **state)
{
    (void)state;
    struct outbound_policy policy = {0};
    assert_int_equal(outbound_check_url(&policy, "https", 443), TERN_OK);
    assert_int_equal(outbound_check_url(&policy, "http", 443), TERN_ERR_DENIED);
    assert_int_equal(outbound_check_url(&policy, "https", 22), TERN_ERR_DENIED);
    assert_int_equal(outbound_allow_ports(&policy, "8000-8999"), TERN_OK);
    assert_int_equal(outbound_check_url(&policy, "https", 8444), TERN_OK);
    assert_int_equal(outbound_check_url(&policy, "https", 443), TERN_ERR_DENIED);
    static const char *const BAD[] = {"", "0", "65536", "9-8", "1-", "a", "1-2-3", "-5"};
    for (size_t i = 0; i < TERN_COUNT_OF(BAD); i++) {
        assert_int_equal(outbound_allow_ports(&policy, BAD[i]), TERN_ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_addresses_are_refused),
        cmocka_unit_test(listed_networks_are_allowed),
        cmocka_unit_test(schemes_and_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
