"""What other programs read in the recordings of a data set: counts, start, and hashes of what they hold.

usage: make.py BIDS_DIR > recordings.tsv      (edfio, pyedflib, numpy)

One line for each `*_eeg.edf`, by name:

  file          its name
  signals       ordinary signals; annotation signals are not counted
  samples       samples of all of them together
  start         date and time of the header, ISO 8601
  digital       SHA-256 of the digital samples: signal after signal in file order, all samples of one
                together, each as a little-endian int32
  annotations   SHA-256 of one line for each annotation, `onset<TAB>duration<TAB>text<LF>` in UTF-8,
                seconds with 6 decimals, `n/a` for no duration, the lines in order of their bytes

pyedflib and edfio must agree on all of it, else nothing is written.
"""
import hashlib, pathlib, sys
import edfio, numpy as np, pyedflib

COLUMNS = ["file", "signals", "samples", "start", "digital", "annotations"]


def digest_of(signals):
    digest = hashlib.sha256()
    for samples in signals:
        digest.update(np.ascontiguousarray(samples, dtype="<i4").tobytes())
    return digest.hexdigest()


def digest_of_annotations(annotations):
    lines = []
    for onset, duration, text in annotations:
        seconds = "n/a" if duration is None else f"{duration:.6f}"
        lines.append(f"{onset:.6f}\t{seconds}\t{text}\n".encode())
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def by_edfio(path):
    edf = edfio.read_edf(path)
    return [len(edf.signals), sum(len(s.digital) for s in edf.signals),
            f"{edf.startdate.isoformat()}T{edf.starttime.isoformat()}",
            digest_of(s.digital for s in edf.signals),
            digest_of_annotations((a.onset, a.duration, a.text) for a in edf.annotations)]


def by_pyedflib(path):
    with pyedflib.EdfReader(str(path)) as reader:
        count = reader.signals_in_file
        # -1 is how it says that there is no duration.
        annotations = [(onset, None if duration < 0 else duration, text)
                       for onset, duration, text in zip(*reader.readAnnotations())]
        return [count, int(sum(reader.getNSamples())), reader.getStartdatetime().isoformat(),
                digest_of(reader.readSignal(i, digital=True) for i in range(count)),
                digest_of_annotations(annotations)]


rows = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("**/*_eeg.edf"), key=lambda path: path.name):
    row, other = by_edfio(path), by_pyedflib(path)
    if row != other:
        sys.exit(f"{path}: edfio reads {row}, pyedflib {other}")
    rows.append([path.name, *row])

print("# edfio", edfio.__version__, "and pyedflib", pyedflib.__version__)
print(*COLUMNS, sep="\t")
for row in rows:
    print(*row, sep="\t")
