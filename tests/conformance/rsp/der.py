# SPDX-License-Identifier: Apache-2.0
"""DER, the few lines of it that RSP needs."""


def tlv(tag, *values):
    value = b"".join(values)
    head = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    else:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octets)]) + octets
    return head + length + value


def read(data, at=0):
    """(tag, value, raw, next) of the element at `at`."""
    start = at
    tag = data[at]
    at += 1
    if tag & 0x1F == 0x1F:
        tag = tag << 8 | data[at]
        at += 1
    length = data[at]
    at += 1
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[at:at + count], "big")
        at += count
    if at + length > len(data):
        raise ValueError("truncated DER")
    return tag, data[at:at + length], data[start:at + length], at + length


def elements(data):
    """[(tag, value, raw)] of elements one after the other."""
    found = []
    at = 0
    while at < len(data):
        tag, value, raw, at = read(data, at)
        found.append((tag, value, raw))
    return found


def find(data, *path):
    """The value behind a path of tags below the elements of `data`."""
    for tag in path:
        data = next(value for have, value, _ in elements(data) if have == tag)
    return data


def find_raw(data, *path):
    for tag in path[:-1]:
        data = find(data, tag)
    return next(raw for have, _, raw in elements(data) if have == path[-1])


def integer(number):
    size = number.bit_length() // 8 + 1
    return number.to_bytes(size, "big", signed=True)


def swapped(digits, size=10):
    """EF.ICCID coding of digits."""
    digits = digits.ljust(2 * size, "F")
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, 2 * size, 2))


def oid(dotted):
    arcs = [int(arc) for arc in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        octets = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            octets.insert(0, 0x80 | (arc & 0x7F))
        out += bytes(octets)
    return out
