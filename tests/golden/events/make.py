"""What pandas and timescoring read from tables of events, ours among them.

usage: make.py FOLDER... > read.tsv      (numpy, pandas, timescoring)

Each FOLDER is searched for *_events.tsv, written.tsv beside this script is read too: it is what our
writer writes, and a test holds the writer to it byte for byte.
"""
import pathlib, sys
import pandas as pd
from timescoring.annotations import Annotation

RATE_HZ = 100  # tables have two decimals
here = pathlib.Path(__file__).parent
found = {path.name: path for folder in sys.argv[1:] for path in pathlib.Path(folder).rglob("*_events.tsv")}
paths = [here / "written.tsv"] + [found[name] for name in sorted(found)]

print("table\trows\tseizures\tictal_s\trecording_s\tstart")
for path in paths:
    table = pd.read_csv(path, sep="\t", keep_default_na=False)
    ictal = table[table.eventType.str.startswith("sz")]
    recording_s = float(table.recordingDuration[0])
    spans = [(float(row.onset), float(row.onset) + float(row.duration)) for row in ictal.itertuples()]
    # Samples of the mask, not a sum of durations: what overlaps counts once, as a scorer counts it.
    mask = Annotation(spans, RATE_HZ, round(recording_s * RATE_HZ)).mask
    start = pd.to_datetime(table.dateTime[0]).strftime("%Y-%m-%dT%H:%M:%S")
    print(path.name, len(table), len(ictal), f"{mask.sum() / RATE_HZ:.2f}", f"{recording_s:.2f}", start, sep="\t")
