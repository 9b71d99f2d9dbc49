"""A recorder that serves what it is told on standard input, one line of JSON at a time.

Says its port first. Then for each line: {"start": {...}}, {"block": {...}}, {"message": kind},
{"bytes": "hex"}, {"close": true}; and says what a reader must come to.
"""

import json
import random
import socket
import sys

import protocol


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    say(port=listener.getsockname()[1])
    client = None
    resolutions, kind = [], protocol.DATA32
    chance = random.Random(1)
    for line in sys.stdin:
        command = json.loads(line)
        if client is None:
            client, _ = listener.accept()
        if "start" in command:
            told = command["start"]
            resolutions = told["resolutions"]
            client.sendall(protocol.start(told["interval_us"], resolutions, told["names"]))
            say(started=True)
        elif "block" in command:
            told = command["block"]
            kind = protocol.DATA16 if told["int16"] else protocol.DATA32
            count = told["points"] * len(resolutions)
            if told["int16"]:
                values = [chance.randint(-32768, 32767) for _ in range(count)]
            else:
                values = [protocol.float32(chance.gauss(0, 100)) for _ in range(count)]
            markers = [protocol.marker(*marker) for marker in told["markers"]]
            client.sendall(protocol.block(told["number"], kind, len(resolutions), values, markers))
            say(bits=protocol.bits(values, resolutions))
        elif "message" in command:
            client.sendall(protocol.message(command["message"]))
            say(sent=True)
        elif "bytes" in command:
            client.sendall(bytes.fromhex(command["bytes"]))
            say(sent=True)
        elif "close" in command:
            client.close()
            client = None
            say(closed=True)


main()
