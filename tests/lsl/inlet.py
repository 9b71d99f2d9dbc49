"""A reader of liblsl.

Takes one JSON argument: source_id. Says {"name", "type", "labels", "units", "rate_hz", "uid"} of the
stream that it finds, opens it and says {"open": true}. Then each line of input is a command:

    pull N         reads N frames, says {"bits": [...], "ages_s": [...]}: values as float32 in bits; how
                   long before the reading each was taken, by the reader's clock
"""

import json
import sys

import numpy
import pylsl


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    ask = json.loads(sys.argv[1])
    found = pylsl.resolve_byprop("source_id", ask["source_id"], timeout=30)
    inlet = pylsl.StreamInlet(found[0], processing_flags=0, recover=False)
    info = inlet.info(timeout=30)
    channel = info.desc().child("channels").child("channel")
    labels, units = [], []
    while not channel.empty():
        labels.append(channel.child_value("label"))
        units.append(channel.child_value("unit"))
        channel = channel.next_sibling()
    say(name=info.name(), type=info.type(), labels=labels, units=units, rate_hz=info.nominal_srate(), uid=info.uid())
    inlet.open_stream(timeout=30)
    correction = inlet.time_correction(timeout=30)
    say(open=True, correction=correction)
    for line in sys.stdin:
        _, count = line.split()
        values, ages = [], []
        while len(values) < int(count):
            sample, stamp = inlet.pull_sample(timeout=30)
            values.append(sample)
            ages.append(pylsl.local_clock() - (stamp + inlet.time_correction()))
        bits = numpy.array(values, numpy.float32).view(numpy.uint32)
        say(bits=bits.ravel().tolist(), ages_s=ages)


main()
