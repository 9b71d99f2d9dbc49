"""Messages of the FieldTrip buffer, written from the description of its protocol.

Standard library only. `order` is "<" or ">". Values that a reader must come to are given as the bits of
32-bit floats.
"""

import struct

GET_HDR, GET_DAT, GET_EVT, GET_OK, GET_ERR = 0x201, 0x202, 0x203, 0x204, 0x205
WAIT_DAT, WAIT_OK, WAIT_ERR = 0x402, 0x404, 0x405
KINDS = ["char", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"]
LETTERS = "BBHIQbhiqfd"
WIDTHS = [1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8]
NAMES, RESOLUTIONS, KEY_VALUES = 1, 3, 4


def message(order, command, body=b""):
    return struct.pack(order + "HHI", 1, command, len(body)) + body


def values(order, kind, numbers):
    return struct.pack(f"{order}{len(numbers)}{LETTERS[KINDS.index(kind)]}", *numbers)


def chunk(order, of, content):
    return struct.pack(order + "II", of, len(content)) + content


def header(order, channels, samples, events, rate_hz, kind, chunks=b""):
    return struct.pack(order + "IIIfII", channels, samples, events, rate_hz, KINDS.index(kind), len(chunks)) + chunks


def data(order, channels, kind, content):
    count = len(content) // channels // WIDTHS[KINDS.index(kind)]
    return struct.pack(order + "IIII", channels, count, KINDS.index(kind), len(content)) + content


def element(order, what):
    """Type, number and bytes of a text, or of ("int32", [1, 2, 3])."""
    if isinstance(what, str):
        content = what.encode()
        return 0, len(content), content
    kind, numbers = what
    return KINDS.index(kind), len(numbers), values(order, kind, numbers)


def event(order, sample, kind, value, duration=0):
    of_kind, kinds, kind = element(order, kind)
    of_value, counted, value = element(order, value)
    head = struct.pack(order + "IIIIiiiI", of_kind, kinds, of_value, counted, sample, 0, duration, len(kind + value))
    return head + kind + value


def bits(numbers, resolutions):
    """Bits of `numbers` as 32-bit floats, times the resolutions where there are any."""
    if resolutions:
        numbers = [number * resolutions[i % len(resolutions)] for i, number in enumerate(numbers)]
    return list(struct.unpack(f"<{len(numbers)}I", struct.pack(f"<{len(numbers)}f", *numbers)))
