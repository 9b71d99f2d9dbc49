"""Messages of BrainVision Recorder's remote data access, written from the description of the protocol.

Standard library only. Values that a reader must come to are given as the bits of 32-bit floats.
"""

import struct

GUID = bytes.fromhex("8e45584396c9864caf4a98bbf6c91450")
START, DATA16, STOP, DATA32, NEW_STATE, INFO, KEEP_ALIVE = 1, 2, 3, 4, 5, 9, 10000


def message(kind, body=b""):
    return GUID + struct.pack("<II", 24 + len(body), kind) + body


def start(interval_us, resolutions, names, encoding="utf-8"):
    body = struct.pack("<Id", len(names), interval_us)
    body += b"".join(struct.pack("<d", resolution) for resolution in resolutions)
    body += b"".join(name.encode(encoding) + b"\0" for name in names)
    return message(START, body)


def marker(position, kind, description, points=1, channel=-1):
    words = kind.encode() + b"\0" + description.encode() + b"\0"
    return struct.pack("<IiIi", 16 + len(words), position, points, channel) + words


def block(number, kind, channels, values, markers=()):
    """`values` of point after point, each with one for every channel."""
    points, rest = divmod(len(values), channels)
    assert rest == 0
    body = struct.pack("<III", number, points, len(markers))
    body += struct.pack(f"<{len(values)}{'h' if kind == DATA16 else 'f'}", *values)
    return message(kind, body + b"".join(markers))


def bits(values, resolutions):
    """Bits of the microvolts of `values`, as 32-bit floats."""
    scaled = [value * resolutions[i % len(resolutions)] for i, value in enumerate(values)]
    return list(struct.unpack(f"<{len(scaled)}I", struct.pack(f"<{len(scaled)}f", *scaled)))


def float32(value):
    """The 32-bit float next to `value`."""
    return struct.unpack("<f", struct.pack("<f", value))[0]
