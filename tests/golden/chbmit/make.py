"""What the 24 summaries of CHB-MIT say, found with regular expressions on the whole text.

usage: make.py SUMMARIES_DIR > seizures.tsv
"""
import glob, os, re, sys

print("case\tfiles\twith_seizures\tseizures\tseizure_s\tlast_end_s")
for path in sorted(glob.glob(os.path.join(sys.argv[1], "chb*-summary.txt"))):
    text = open(path, encoding="latin-1").read()
    files = re.split(r"(?m)^File Name:", text)[1:]
    pairs = [list(zip(re.findall(r"(?i)seizure[ 0-9]*start time: *([0-9]+)", part),
                      re.findall(r"(?i)seizure[ 0-9]*end time: *([0-9]+)", part))) for part in files]
    seizures = [(int(start), int(end)) for listed in pairs for start, end in listed]
    case = os.path.basename(path).removesuffix("-summary.txt")
    print(case, len(files), sum(bool(listed) for listed in pairs), len(seizures),
          sum(end - start for start, end in seizures), max((end for _, end in seizures), default=0), sep="\t")
