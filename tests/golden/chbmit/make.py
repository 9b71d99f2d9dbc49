"""What the 24 summaries of CHB-MIT say, found with regular expressions on the whole text.

usage: make.py SUMMARIES_DIR > seizures.tsv
"""
import glob, os, re, sys

CLOCK = r"(?i)file %s time: *([0-9]+):([0-9]+):([0-9]+)"


def clock_s(part):
    """Seconds from the start's clock to the end's; None for a file without clocks."""
    times = [re.search(CLOCK % which, part) for which in ("start", "end")]
    if None in times:
        return None
    start, end = (int(t[1]) * 3600 + int(t[2]) * 60 + int(t[3]) for t in times)
    return (end - start) % 86400


print("case\tfiles\twith_seizures\tseizures\tseizure_s\tlast_end_s\tclocks\tclock_s\tpast_midnight")
for path in sorted(glob.glob(os.path.join(sys.argv[1], "chb*-summary.txt"))):
    text = open(path, encoding="latin-1").read()
    files = re.split(r"(?m)^File Name:", text)[1:]
    pairs = [list(zip(re.findall(r"(?i)seizure[ 0-9]*start time: *([0-9]+)", part),
                      re.findall(r"(?i)seizure[ 0-9]*end time: *([0-9]+)", part))) for part in files]
    seizures = [(int(start), int(end)) for listed in pairs for start, end in listed]
    clocks = [seconds for seconds in map(clock_s, files) if seconds is not None]
    late = len(re.findall(r"(?im)^file end time: *(?:2[4-9]):", text))
    case = os.path.basename(path).removesuffix("-summary.txt")
    print(case, len(files), sum(bool(listed) for listed in pairs), len(seizures),
          sum(end - start for start, end in seizures), max((end for _, end in seizures), default=0),
          len(clocks), sum(clocks), late, sep="\t")
