# SPDX-License-Identifier: Apache-2.0
"""DER by hand: enough to write and read every ESipa and ESep message."""


def length(size):
    if size < 0x80:
        return bytes([size])
    body = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 + len(body)]) + body


def tlv(tag, *parts):
    """tlv(0xBF51, a, b): parts are bytes; None adds nothing."""
    body = b"".join(part for part in parts if part is not None)
    name = tag.to_bytes((tag.bit_length() + 7) // 8, "big")
    return name + length(len(body)) + body


def integer(tag, value):
    size = 1
    while not -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
        size += 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def text(tag, value):
    return tlv(tag, value.encode())


def read(data):
    """The elements of `data`: [(tag, value, raw)]."""
    out = []
    at = 0
    while at < len(data):
        start = at
        tag = data[at]
        at += 1
        if tag & 0x1F == 0x1F:
            while True:
                tag = tag << 8 | data[at]
                at += 1
                if data[at - 1] & 0x80 == 0:
                    break
        size = data[at]
        at += 1
        if size >= 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at:at + count], "big")
            at += count
        if at + size > len(data):
            raise ValueError("truncated")
        out.append((tag, data[at:at + size], data[start:at + size]))
        at += size
    return out


def one(data):
    elements = read(data)
    if len(elements) != 1:
        raise ValueError("not one element")
    return elements[0]


def child(value, tag):
    """Value of the first child with this tag, or None."""
    for found, content, _ in read(value):
        if found == tag:
            return content
    return None


def child_raw(value, tag):
    for found, _, raw in read(value):
        if found == tag:
            return raw
    return None


def path(data, *tags):
    for tag in tags:
        data = child(data, tag)
        if data is None:
            return None
    return data


def number(value):
    return int.from_bytes(value, "big", signed=True)
