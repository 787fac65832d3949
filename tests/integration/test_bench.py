"""The benchmark harness: rows come together in one file, and an unknown name is refused. Nothing is measured here."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.registry import BENCHMARKS, Benchmark, Tell, choose
from bench.report import BEGIN, END
from bench.rows import Row, merge, p99, read_rows
from hotline.errors import ConfigurationError, Unavailable


def fake(name: str, ours: float) -> Benchmark:
    async def run(tell: Tell) -> Sequence[Row]:
        tell("halfway")
        return [Row(name, "ms", ours, 10.0, "a peer", f"make bench ONLY={name}")]

    return Benchmark(name, (name,), run)


def bench(folder: Path, *arguments: str, known: Sequence[Benchmark]) -> int:
    results, document = folder / "bench.json", folder / "benchmarks.md"
    if not document.exists():
        document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return main(list(arguments), known=known, results=results, document=document, quiet_seconds=0)


def test_rows_are_written_as_agreed(tmp_path: Path) -> None:
    assert bench(tmp_path, known=(fake("seat.one", 4.0), fake("ami.two", 20.0))) == 0
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in written] == ["ami.two", "seat.one"]
    assert written[1] == {
        "name": "seat.one",
        "unit": "ms",
        "ours": 4.0,
        "peer": 10.0,
        "peer_name": "a peer",
        "ratio": 0.4,
        "command": "make bench ONLY=seat.one",
    }
    document = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert document.startswith("before\n")
    assert document.endswith("after\n")
    assert "old" not in document
    assert "| `seat.one` | ms | 4 | 10 |" in document
    assert "Python" in document


def test_a_part_leaves_the_other_rows(tmp_path: Path) -> None:
    known = (fake("seat.one", 4.0), fake("ami.two", 20.0))
    bench(tmp_path, known=known)
    assert bench(tmp_path, "--only", "seat", known=(fake("seat.one", 5.0), known[1])) == 0
    assert {row.name: row.ours for row in read_rows(tmp_path / "bench.json")} == {"ami.two": 20.0, "seat.one": 5.0}


def test_a_part_measured_in_a_fresh_clone_leaves_the_rows_of_the_document(tmp_path: Path) -> None:
    known = (fake("seat.one", 1234.5), fake("ami.two", 0.25))
    bench(tmp_path, known=known)
    (tmp_path / "bench.json").unlink()
    assert bench(tmp_path, "--only", "ami", known=(known[0], fake("ami.two", 0.5))) == 0
    assert read_rows(tmp_path / "bench.json") == [
        Row("ami.two", "ms", 0.5, 10.0, "a peer", "make bench ONLY=ami.two"),
        Row("seat.one", "ms", 1234.0, 10.0, "a peer", "make bench ONLY=seat.one"),
    ]


def test_an_unknown_name_is_refused_with_the_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(tmp_path, "--only", "nothing", known=BENCHMARKS) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "no benchmark is called 'nothing'" in said
    assert "seat.handover" in said
    assert not (tmp_path / "bench.json").exists()


def test_a_failed_benchmark_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def fail(tell: Tell) -> Sequence[Row]:
        raise Unavailable("没有 Asterisk", "no Asterisk")

    assert bench(tmp_path, known=(Benchmark("x", ("x",), fail),)) == 1
    assert "no Asterisk" in capsys.readouterr().err
    assert not (tmp_path / "bench.json").exists()


def test_names_are_chosen_by_their_beginning() -> None:
    assert [one.name for one in choose("seat")] == ["seat.handover", "seat.handover.audio"]
    assert [one.name for one in choose("seat.handover.p50")] == ["seat.handover"]
    assert len(choose(None)) == len(BENCHMARKS)
    with pytest.raises(ConfigurationError):
        choose("seats")


def test_the_99th_percentile_is_a_figure_that_was_measured() -> None:
    assert p99([float(n) for n in range(1, 101)]) == 99.0
    assert p99([3.0, 1.0, 2.0]) == 3.0


def test_a_file_that_is_not_ours_counts_as_empty(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text("{", encoding="utf-8")
    assert read_rows(path) == []
    assert merge(read_rows(path), []) == []
