"""Plays a recording as a stream, with mne-lsl's own player and liblsl.

Takes one JSON argument: path, name, source_id. Says {"playing": true}, and plays until its input ends.
"""

import json
import sys
import warnings

import mne
from mne_lsl.player import PlayerLSL

mne.set_log_level("ERROR")
warnings.simplefilter("ignore")
ask = json.loads(sys.argv[1])
player = PlayerLSL(ask["path"], chunk_size=32, n_repeat=1, name=ask["name"], source_id=ask["source_id"])
player.start()
print(json.dumps({"playing": True}), flush=True)
sys.stdin.read()
player.stop()
