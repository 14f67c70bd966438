"""Damaged files through every command that reads them: nothing but results and clean errors may come.

    python benchmarks/fuzz.py --kind pictures --count 1000 --seed 0
    python benchmarks/fuzz.py --kind runs --count 500 --seed 0
    python benchmarks/fuzz.py --kind values --count 300 --seed 0
    python benchmarks/fuzz.py --kind files --count 300 --seed 0

- pictures: pictures of all formats, arrays and archives, their bytes flipped, cut off, zeroed, spliced, their lengths
  made huge, among as many whole ones. `inspect`, `train`, `style`.
- runs: all files of a run, damaged as bytes, or forged, swapped, replaced by links, folders and pipes.
  One of `sample`, `report`, `evaluate`, `doctor`, `train`, `walk`, `mix`, `project`, `directions`.
- values: one to three values in `config.json` or `events.jsonl` of a run are replaced by hostile ones; as above.
- files: what is given to a whole run: latents, sampled pictures, directions, signatures, sounds.
  `sample`, `mix`, `walk`.

A fault is a traceback, another exit status than 0, 1, 2 and 130, no end within 60 seconds of processor time, more than
2 GB, a change to anything but what the command writes, or a whole picture that was not used. Each is printed with what
led to it; --keep copies the files to a folder. A part is repeated by the same seed with --first (the number of its
round) and a small --count. Ctrl-C ends it with the counts until then. Exits with 1 if there was a fault.
"""

import sys
from contextlib import suppress
from pathlib import Path

from fuzz_files import Files
from fuzz_pictures import Pictures
from fuzz_runs import Runs, Values
from trial import Tally, arguments, import_all, work_folder

KINDS = {"pictures": Pictures, "runs": Runs, "values": Values, "files": Files}


def main() -> int:
    """Damage, run, count."""
    args = arguments(__doc__, kind="values", count=300, first=0, keep="")
    if args.kind not in KINDS:
        raise SystemExit(f"There is no kind '{args.kind}'. Choose one of: {', '.join(KINDS)}.")
    tally = Tally(Path(args.keep).resolve() if args.keep else None)
    import_all()
    with work_folder() as folder:
        rounds = KINDS[args.kind](folder, tally)
        with suppress(KeyboardInterrupt):  # what was done until then counts
            rounds.run(args.count, args.seed, args.first)
    return tally.report()


if __name__ == "__main__":
    sys.exit(main())
