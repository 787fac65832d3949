"""Flows in files: the site's win, a change is taken up while calls go on, a faulty one is refused. And the commands."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline.errors import ConfigurationError
from hotline.settings import Line
from ivr.flow.book import SHIPPED_FLOWS, FlowBook, known_prompts
from ivr.flow.commands import flow_command
from ivr.flow.reading import FlowError

OWN = "flow: {name}\ntitle: {title}\nstart: wait\nnodes:\n  wait: {{do: queue}}\n"


def write(folder: Path, title: str, name: str = "standard", file: str = "standard.yaml") -> None:
    path = folder / file
    path.write_text(OWN.format(name=name, title=title), encoding="utf-8")
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + len(title)))  # a clock too coarse for a fast test


def test_the_sites_flow_wins_and_the_shipped_one_returns(tmp_path: Path) -> None:
    write(tmp_path, "ours")
    book = FlowBook.open(tmp_path)
    assert book.names == ["full-menu", "nuisance", "poll", "standard", "visit"]
    assert book.flow("standard").title == "ours"
    (tmp_path / "standard.yaml").unlink()
    book.refresh()
    assert book.flow("standard").source == str(SHIPPED_FLOWS / "standard.yaml")


def test_a_change_is_taken_up_and_calls_keep_their_version(tmp_path: Path) -> None:
    write(tmp_path, "first")
    book = FlowBook.open(tmp_path)
    held = book.flow("standard")
    write(tmp_path, "second")
    write(tmp_path, "new", name="night-line", file="other.yaml")
    book.refresh()
    assert (held.title, book.flow("standard").title) == ("first", "second")
    assert book.flow("night-line").title == "new"


def test_a_change_for_the_worse_is_refused_and_logged_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "good")
    book = FlowBook.open(tmp_path)
    (tmp_path / "standard.yaml").write_text("flow: standard\nstart: nowhere\nnodes:\n  a: {do: queue}\n")
    book.refresh()
    book.refresh()
    assert book.flow("standard").title == "good"
    logged = capfd.readouterr()
    assert (logged.out + logged.err).count("flow refused") == 1
    write(tmp_path, "mended again")
    book.refresh()
    assert book.flow("standard").title == "mended again"


def test_a_faulty_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FlowError, match=r"bad\.yaml"):
        FlowBook.open(tmp_path)


def test_a_line_names_a_flow_that_exists() -> None:
    book = FlowBook.open(None)
    book.check_lines([Line(number="12345", group="general"), Line(number="1", group="general", flow="full-menu")])
    with pytest.raises(ConfigurationError, match="full-menu, nuisance, poll, standard"):
        book.check_lines([Line(number="12345", group="general", flow="nothing")])


def test_the_sites_own_recordings_are_prompts(tmp_path: Path) -> None:
    (tmp_path / "zh/hotline").mkdir(parents=True)
    (tmp_path / "zh/hotline/our-storm.wav").touch()
    assert {"our-storm", "welcome", "beep", "m12"} <= known_prompts(tmp_path)


def run(*arguments: str, keys: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(flow_command, [*arguments], input=keys)
    return result.exit_code, result.output


def test_check_names_file_and_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("flow: bad\nstart: a\nnodes:\n  a: {do: play, prompts: nonsense, next: b}\n")
    code, told = run("check", str(bad))
    assert code == 1
    assert "bad.yaml:4: 没有语音提示“nonsense”" in told
    assert "bad.yaml:4: a: no node 'b'" in told
    assert run("check", "standard")[0] == 0
    assert run("check", str(SHIPPED_FLOWS / "full-menu.yaml"), "--config", "config.yaml")[0] == 0


def test_draw_writes_a_picture(tmp_path: Path) -> None:
    code, mermaid = run("draw", "standard")
    assert (code, mermaid.splitlines()[0]) == (0, "flowchart TD")
    assert run("draw", "standard", "--out", str(tmp_path / "flow.svg"))[0] == 0
    assert (tmp_path / "flow.svg").read_text().startswith("<svg")


def test_a_call_is_walked_in_the_terminal() -> None:
    progress = "found number=261120083000123456 progress=progress-working due=2026-11-30 due_prompt=progress-due"
    code, told = run("simulate", "standard", keys=f"\nopen\n1\n{progress}\n\nagent\n")
    assert code == 0
    assert "您好，这里是幺二三四五市民热线" in told
    assert "二六幺幺二零零八三零零零幺二三四五六" in told
    assert "二零二六年十一月三十日" in told
    assert "= agent @ waiting" in told
    assert "= hung_up @ promised" in run("simulate", "standard", keys="\nclosed\n\nunstaffed\ntaken\n")[1]
    assert "= gone @" in run("simulate", "full-menu", keys="\nopen\nsay 转人工\nnonsense\nwaiting\n")[1]
