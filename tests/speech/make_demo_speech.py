"""Makes ``hotline/demo/speech/*.wav`` from ``transcripts.tsv`` beside them: file, who, voice, rate, text."""

import csv
from pathlib import Path

from ivr.prompt_maker import Voice, speak, write_wav

FOLDER = Path(__file__).resolve().parents[2] / "hotline/demo/speech"


def main() -> None:
    """Write every file anew; the same text and voice give the same bytes."""
    with (FOLDER / "transcripts.tsv").open(encoding="utf-8") as lines:
        for line in csv.DictReader(lines, delimiter="\t"):
            write_wav(FOLDER / line["file"], speak(line["text"], Voice(line["voice"], int(line["rate"]))))


if __name__ == "__main__":
    main()
