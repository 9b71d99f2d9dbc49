"""An outlet of liblsl.

Takes one JSON argument: name, type, source_id, format, rate_hz, channels, labels (optional), units
(optional). Says {"uid": ...} when it serves. Then each line of input is a command:

    push N         waits for a reader, pushes N frames one by one, says {"bits": [...], "stamps_s": [...]}:
                   the values as float32 in bits, and between which moments each was pushed, in seconds since 1970
    chunk N        the same as one chunk
    run            pushes at the rate until the end; says {"bits": ...} of nothing
    marks N        pushes N frames whose values are their number from 0
"""

import json
import sys
import threading
import time

import numpy
import pylsl

FORMATS = {
    "float32": (pylsl.cf_float32, numpy.float32),
    "double64": (pylsl.cf_double64, numpy.float64),
    "int8": (pylsl.cf_int8, numpy.int8),
    "int16": (pylsl.cf_int16, numpy.int16),
    "int32": (pylsl.cf_int32, numpy.int32),
    "int64": (pylsl.cf_int64, numpy.int64),
    "string": (pylsl.cf_string, str),
}


def say(**what):
    print(json.dumps(what), flush=True)


def frames(kind, count, channels):
    """Values all over the range of the format, the ends included."""
    random = numpy.random.default_rng(20)
    if numpy.issubdtype(kind, numpy.integer):
        limits = numpy.iinfo(kind)
        values = random.integers(limits.min, limits.max, (count, channels), kind, endpoint=True)
        values[0, :2] = limits.min, limits.max
    else:
        values = (random.normal(size=(count, channels)) * 10.0 ** random.integers(-30, 30, (count, channels))).astype(kind)
        values[0, :2] = -0.0, 1e-40
    return values


def main():
    ask = json.loads(sys.argv[1])
    number, kind = FORMATS[ask["format"]]
    channels = ask["channels"]
    info = pylsl.StreamInfo(ask["name"], ask["type"], channels, ask["rate_hz"], number, ask["source_id"])
    if "labels" in ask:
        described = info.desc().append_child("channels")
        for label, unit in zip(ask["labels"], ask["units"]):
            channel = described.append_child("channel")
            channel.append_child_value("label", label)
            channel.append_child_value("unit", unit)
            channel.append_child_value("type", ask["type"])
    outlet = pylsl.StreamOutlet(info)
    say(uid=outlet.get_info().uid())
    for line in sys.stdin:
        command, *rest = line.split()
        while not outlet.have_consumers():
            time.sleep(0.01)
        if command in ("push", "chunk"):
            values = frames(kind, int(rest[0]), channels)
            stamps = []
            if command == "push":
                for frame in values:
                    before = time.time()
                    outlet.push_sample(frame.tolist())
                    stamps.append([before, time.time()])
            else:
                before = time.time()
                outlet.push_chunk(values.tolist())
                stamps.append([moment - (len(values) - 1) / ask["rate_hz"] for moment in (before, time.time())])
            say(bits=values.astype(numpy.float32).view(numpy.uint32).ravel().tolist(), stamps_s=stamps)
        elif command == "marks":
            for frame in range(int(rest[0])):
                outlet.push_sample([kind(frame)] * channels)
            say(pushed=int(rest[0]))
        elif command == "run":
            threading.Thread(target=run, args=(outlet, channels, ask["rate_hz"]), daemon=True).start()


def run(outlet, channels, rate_hz):
    begin, pushed = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - begin) * rate_hz)
        for frame in range(pushed, due):
            outlet.push_sample([float(frame)] * channels)
        pushed = due
        time.sleep(0.02)


main()
