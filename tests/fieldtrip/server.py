"""A FieldTrip buffer that is filled from standard input, one line of JSON at a time.

Says its port first, and after each line what a reader must come to. Lines:

{"header": {"channels", "rate_hz", "kind", "names", "resolutions"}} for a new header,
{"put": samples}, {"event": [sample, type, value]}, {"flush": "header" | "samples" | "events"},
{"do": [...]} for several lines at once, {"all": true} to be told all samples,
{"rush": [samples, times]} to put samples in after each refusal, so many times,
{"refuse_events": true}, {"break": hex} to send these bytes instead of the next answer and close.

Arguments: samples in the ring; "little", "big" or "client" for the byte order of the answers.
"""

import json
import random
import socket
import struct
import sys
import threading

import protocol as ft


class Buffer:
    def __init__(self, ring, order):
        self.ring, self.order = ring, order
        self.changed = threading.Condition()
        self.header = None
        self.samples, self.events = [], []
        self.refuse_events = False
        self.broken = None
        self.rush = [0, 0]
        self.chance = random.Random(3)

    def do(self, command):
        if "do" in command:
            return [self.do(one) for one in command["do"]]
        if "header" in command:
            self.header = command["header"]
            self.samples, self.events = [], []
        elif "put" in command:
            told = []
            for _ in range(command["put"] * self.header["channels"]):
                told.append(self.value())
            self.samples += told
            return {"bits": ft.bits(told, self.header.get("resolutions"))}
        elif "event" in command:
            self.events.append(command["event"])
        elif command.get("flush") == "header":
            self.header = None
        elif command.get("flush") == "samples":
            self.samples = []
        elif command.get("flush") == "events":
            self.events = []
        elif "refuse_events" in command:
            self.refuse_events = command["refuse_events"]
        elif "break" in command:
            self.broken = bytes.fromhex(command["break"])
        elif "rush" in command:
            self.rush = command["rush"]
        elif "all" in command:
            return {"bits": ft.bits(self.samples, self.header.get("resolutions"))}
        return {}

    def value(self):
        kind = self.header["kind"]
        if kind.startswith("float"):
            value = self.chance.gauss(0, 100)
            return struct.unpack("<f", struct.pack("<f", value))[0] if kind == "float32" else value
        bits = 8 * ft.WIDTHS[ft.KINDS.index(kind)]
        if kind.startswith("int"):
            return self.chance.randrange(-(1 << bits - 1), 1 << bits - 1)
        return self.chance.randrange(1 << bits)

    def count(self):
        return len(self.samples) // self.header["channels"] if self.header else 0

    def answer(self, order, command, body):
        if self.order != "client":
            out = "<" if self.order == "little" else ">"
        else:
            out = order
        numbers = list(struct.unpack(f"{order}{len(body) // 4}I", body))
        if command == ft.WAIT_DAT:
            samples, events, milliseconds = numbers
            self.changed.wait_for(
                lambda: not self.header
                or self.broken is not None
                or self.count() > samples
                or len(self.events) > events,
                milliseconds / 1000,
            )
        if self.broken is not None:
            return None
        if not self.header:
            return ft.message(out, ft.WAIT_ERR if command == ft.WAIT_DAT else ft.GET_ERR)
        if command == ft.WAIT_DAT:
            return ft.message(out, ft.WAIT_OK, struct.pack(out + "II", self.count(), len(self.events)))
        if command == ft.GET_HDR:
            return ft.message(out, ft.GET_OK, self.stored_header(out))
        if command == ft.GET_DAT:
            oldest = max(0, self.count() - self.ring)
            first, last = numbers or [oldest, self.count() - 1]
            if first < oldest or last >= self.count() or first > last:
                if self.rush[1] > 0:
                    self.rush[1] -= 1
                    self.do({"put": self.rush[0]})
                return ft.message(out, ft.GET_ERR)
            channels, kind = self.header["channels"], self.header["kind"]
            part = ft.values(out, kind, self.samples[first * channels : (last + 1) * channels])
            return ft.message(out, ft.GET_OK, ft.data(out, channels, kind, part))
        if command == ft.GET_EVT:
            first, last = numbers or [0, len(self.events) - 1]
            if self.refuse_events or last >= len(self.events) or first > last:
                return ft.message(out, ft.GET_ERR)
            return ft.message(out, ft.GET_OK, b"".join(ft.event(out, *e) for e in self.events[first : last + 1]))
        return ft.message(out, ft.GET_ERR)

    def stored_header(self, out):
        told = self.header
        chunks = ft.chunk(out, ft.KEY_VALUES, b"gain\0high\0\0")
        if told.get("names"):
            chunks += ft.chunk(out, ft.NAMES, b"".join(name.encode() + b"\0" for name in told["names"]))
        if told.get("resolutions"):
            chunks += ft.chunk(out, ft.RESOLUTIONS, ft.values(out, "float64", told["resolutions"]))
        return ft.header(out, told["channels"], self.count(), len(self.events), told["rate_hz"], told["kind"], chunks)


def serve(buffer, client):
    stream = client.makefile("rwb")
    while head := stream.read(8):
        order = "<" if head[:2] == b"\1\0" else ">"
        _, command, size = struct.unpack(order + "HHI", head)
        body = stream.read(size)
        with buffer.changed:
            answer = buffer.answer(order, command, body)
            broken, buffer.broken = buffer.broken, None
        stream.write(broken if answer is None else answer)
        stream.flush()
        if answer is None:
            break
    stream.close()
    client.close()


def accept(buffer, listener):
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(buffer, client), daemon=True).start()


def main():
    buffer = Buffer(int(sys.argv[1]), sys.argv[2])
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(buffer, listener), daemon=True).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    for line in sys.stdin:
        with buffer.changed:
            told = buffer.do(json.loads(line))
            buffer.changed.notify_all()
        print(json.dumps(told), flush=True)


main()
