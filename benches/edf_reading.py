"""How long vigil, edfio and pyedflib take to read one hour of 23 channels at 256 Hz as physical values.

usage: edf_reading.py [ROUNDS]      (edfio, pyedflib, numpy; cargo, for vigil)

Each round measures them one after the other, in an order that changes from round to round, so that
whatever else the machine does meets all alike; the ratios are of times of one round. Opening the file
and converting every sample is in the time; starting a program is not. edfio and pyedflib give 64-bit
numbers, vigil 32-bit ones: that is what each gives. All three read the whole hour into new memory;
"vigil in pieces" reads 8 seconds at a time into the same memory, as replay does.
"""
import datetime, pathlib, random, statistics, subprocess, sys, tempfile, time
import edfio, numpy as np, pyedflib

CHANNELS, RATE, SECONDS = 23, 256, 3600
REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21


def write_hour(path):
    noise = np.random.default_rng(1)
    signals = [edfio.EdfSignal.from_digital(noise.integers(-2048, 2048, RATE * SECONDS, dtype=np.int16), RATE,
                                            label=f"channel {i}", physical_dimension="uV",
                                            physical_range=(-800, 800), digital_range=(-2048, 2047))
               for i in range(CHANNELS)]
    edfio.Edf(signals, data_record_duration=1, annotations=[edfio.EdfAnnotation(9, None, "mark")],
              recording=edfio.Recording(startdate=datetime.date(2024, 5, 6))).write(path)


def with_edfio(path):
    start = time.perf_counter()
    values = [signal.data for signal in edfio.read_edf(path).signals]
    return time.perf_counter() - start, values


def with_pyedflib(path):
    start = time.perf_counter()
    with pyedflib.EdfReader(str(path)) as reader:
        values = [reader.readSignal(i) for i in range(reader.signals_in_file)]
    return time.perf_counter() - start, values


with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "hour.edf"
    write_hour(path)
    vigil = subprocess.Popen(["cargo", "bench", "--locked", "--bench", "edf_reading", "--", "serve", str(path)],
                             cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def with_vigil(way):
        print(way, file=vigil.stdin, flush=True)
        answer = vigil.stdout.readline().split()
        if len(answer) != 2:
            sys.exit("vigil gave no answer")
        return float(answer[0]), float(answer[1])

    readers = {"vigil": lambda path: with_vigil("whole"), "vigil in pieces": lambda path: with_vigil("pieces"),
               "edfio": with_edfio, "pyedflib": with_pyedflib}
    times = {name: [] for name in readers}
    # The first round warms up: it brings the file into memory, and is not counted.
    for round in range(rounds + 1):
        order, sums = random.Random(round).sample(sorted(readers), len(readers)), {}
        for name in order:
            seconds, values = readers[name](path)
            sums[name] = values if isinstance(values, float) else sum(float(signal.sum()) for signal in values)
            del values
            if round > 0:
                times[name].append(seconds)
        # 32-bit numbers are rounded, a ten-millionth of 800 uV at most for each sample.
        if max(sums.values()) - min(sums.values()) > 1e-4 * CHANNELS * RATE * SECONDS:
            sys.exit(f"they do not read the same: {sums}")
    vigil.stdin.close()
    vigil.wait()

print(f"one hour of {CHANNELS} channels at {RATE} Hz, {rounds} rounds")
for name, seconds in times.items():
    print(f"  {name:15} median {1e3 * statistics.median(seconds):7.1f} ms,"
          f" {1e3 * min(seconds):.1f} to {1e3 * max(seconds):.1f} ms")
for ours in ["vigil", "vigil in pieces"]:
    for theirs in ["edfio", "pyedflib"]:
        ratios = sorted(a / b for a, b in zip(times[ours], times[theirs]))
        middle = statistics.median(ratios)
        print(f"  {ours} / {theirs}: median {middle:.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}")
