"""Opens recordings that vigil wrote with pyedflib, edfio and MNE and compares them with what was written.

usage: check.py FILE.edf EXPECTED.json

EXPECTED has `start` (ISO 8601), `gaps` (whether the file is EDF+D), `labels`, `rate_hz`, `digital` (samples
of each signal), `onsets_s` (start of each one-second record) and `annotations` ([onset_s, duration_s or
null, text]). Prints one line for each program. A program that does not read a kind of file is expected to
refuse it; that it does so is checked too.

What becomes of EDF+D (pyedflib 0.1.42, edfio 0.4.18, MNE 1.13.2):
  edfio     reads it: the records' samples one after the other, annotations at their true times, and
            `is_continuous` is false.
  MNE       reads it as if there were no gaps: the samples one after the other, annotations at their true
            times, those behind the end of the joined samples dropped.
  pyedflib  refuses to open it.
None of them tells at which time a record starts, so the time stamps are read here from the bytes.
"""
import datetime, json, re, sys

import edfio, mne, numpy as np, pyedflib

path, expected = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
digital = [np.array(samples, dtype=np.int64) for samples in expected["digital"]]
start = datetime.datetime.fromisoformat(expected["start"])
marks = sorted((onset, duration, text) for onset, duration, text in expected["annotations"])


def same(program, what, found, wanted):
    if found != wanted:
        sys.exit(f"{program}: {what} is {found}; written was {wanted}")


def same_marks(program, found, marks=marks):
    same(program, "the texts", [text for _, _, text in found], [text for _, _, text in marks])
    for (onset, duration, text), (wanted, lasting, _) in zip(found, marks):
        if abs(onset - wanted) > 1e-4 or abs((duration or 0) - (lasting or 0)) > 1e-4:
            sys.exit(f"{program}: {text!r} is at {onset} for {duration}; written was {wanted} for {lasting}")


def record_times():
    """The time stamp of each record, from the bytes: annotations are the last signal."""
    data = open(path, "rb").read()
    count, records = int(data[252:256]), int(data[236:244])
    fields = data[256 + 216 * count:256 + 224 * count]
    lengths = [2 * int(fields[8 * i:8 * i + 8]) for i in range(count)]
    same("the file", "its length", len(data), 256 * (1 + count) + records * sum(lengths))
    ends = [256 * (1 + count) + (record + 1) * sum(lengths) for record in range(records)]
    lists = [data[end - lengths[-1]:end] for end in ends]
    stamps = [re.match(rb"([+-]\d+(?:\.\d+)?)\x14\x14\x00", text) for text in lists]
    same("the file", "records without a time stamp", stamps.count(None), 0)
    same("the file", "the records' times", [float(stamp[1]) - start.microsecond / 1e6 for stamp in stamps],
         expected["onsets_s"])


def with_edfio():
    edf = edfio.read_edf(path)
    same("edfio", "the start", datetime.datetime.combine(edf.startdate, edf.starttime), start)
    same("edfio", "whether there are gaps", not edf.is_continuous, expected["gaps"])
    same("edfio", "the labels", [signal.label for signal in edf.signals], expected["labels"])
    for signal, samples in zip(edf.signals, digital):
        same("edfio", signal.label, bool((signal.digital == samples).all()), True)
    same_marks("edfio", sorted((mark.onset, mark.duration, mark.text) for mark in edf.annotations))


def with_pyedflib():
    with pyedflib.EdfReader(path) as reader:
        # EDFlib holds the start to a second and the fraction apart.
        whole = reader.getStartdatetime().replace(microsecond=0)
        same("pyedflib", "the start", whole, start.replace(microsecond=0))
        same("pyedflib", "the labels", reader.getSignalLabels(), expected["labels"])
        for index, samples in enumerate(digital):
            same("pyedflib", expected["labels"][index],
                 bool((reader.readSignal(index, digital=True) == samples).all()), True)
        found = zip(*reader.readAnnotations())
        same_marks("pyedflib", sorted((float(o), max(float(d), 0.0) or None, str(t)) for o, d, t in found))


def with_mne():
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    same("MNE", "the start", raw.info["meas_date"].replace(tzinfo=None, microsecond=0), start.replace(microsecond=0))
    same("MNE", "the labels", raw.ch_names, expected["labels"])
    volts = raw.get_data()
    for row, samples in zip(volts, digital):
        # One digital step is 0.1 uV.
        same("MNE", "samples", bool(np.allclose(row, samples * 1e-7, atol=1e-9)), True)
    found = zip(raw.annotations.onset, raw.annotations.duration, raw.annotations.description)
    # MNE joins the records of a file with gaps and drops what is marked behind the joined length.
    length = len(expected["onsets_s"])
    same_marks("MNE", sorted((float(o), float(d) or None, str(t)) for o, d, t in found),
               [mark for mark in marks if mark[0] < length])


def refuses(program, read):
    try:
        read()
    except SystemExit:
        raise
    except Exception as refusal:
        print(f"{program}: refuses a file with gaps: {type(refusal).__name__}")
    else:
        sys.exit(f"{program}: reads a file with gaps now; compare it like the others")


record_times()
for program, read in [("edfio", with_edfio), ("pyedflib", with_pyedflib), ("MNE", with_mne)]:
    if expected["gaps"] and program in expected["refusing"]:
        refuses(program, read)
    else:
        read()
        print(f"{program}: agrees")
