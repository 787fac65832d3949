"""Which benchmarks there are, and which of them a name asks for. A new benchmark is one line here."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

from bench.rows import Row
from hotline.errors import ConfigurationError

Tell = Callable[[str], None]
"""Shows one line of progress."""
Run = Callable[[Tell], Awaitable[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark and the rows that it fills."""

    name: str
    rows: tuple[str, ...]
    run: Run

    def answers(self, asked: str) -> bool:
        """Whether ``asked`` is the beginning of its name or of one of its rows."""
        return any(name.startswith(asked) for name in (self.name, *self.rows))


def _from(module: str) -> Run:
    """The module's ``run``, imported when it is needed: a benchmark that is not asked for costs nothing."""

    async def run(tell: Tell) -> Sequence[Row]:
        rows: Sequence[Row] = await import_module(module).run(tell)
        return rows

    return run


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark(
        "acd.decision_300_seats",
        ("acd.decision_300_seats", "acd.decision_300_seats.one_free"),
        _from("bench.acd_decision"),
    ),
    Benchmark(
        "acd.calls_per_second",
        ("acd.calls_per_second", "acd.calls_per_second.lost"),
        _from("bench.acd_load"),
    ),
    Benchmark("ami.intake", ("ami.intake",), _from("bench.ami_intake")),
    Benchmark("seat.handover", ("seat.handover", "seat.handover.p50"), _from("bench.seat_handover")),
    Benchmark("seat.handover.audio", ("seat.handover.audio", "seat.handover.audio_p50"), _from("bench.handover_audio")),
    Benchmark("draft.fields_right", ("draft.fields_right", "draft.update_p95"), _from("bench.draft_fields")),
    Benchmark("asr.streams_per_core", ("asr.streams_per_core", "asr.gating_share"), _from("bench.asr_streams")),
    Benchmark("asr.memory_per_stream", ("asr.memory_per_stream",), _from("bench.asr_memory")),
    Benchmark(
        "asr.word_to_screen",
        ("asr.word_to_screen_p95", "asr.word_to_screen_p50", "asr.cer_live", "asr.cer_final"),
        _from("bench.asr_words"),
    ),
    Benchmark("callback.line_use", ("callback.line_use", "callback.doubles"), _from("bench.callback_lines")),
    Benchmark("live.room", ("live.update_p95", "live.frame_300_seats"), _from("bench.live_room")),
    Benchmark("tickets.list_1m_p95", ("tickets.list_1m_p95", "tickets.pivot_1m_p95"), _from("bench.ticket_lists")),
    Benchmark("tickets.year_replay", ("tickets.year_replay",), _from("bench.year_replay")),
    Benchmark("engine.cpu_share", ("engine.cpu_share", "engine.cpu_share.asr"), _from("bench.cpu_share")),
)


def choose(asked: str | None, known: Sequence[Benchmark] = BENCHMARKS) -> list[Benchmark]:
    """The benchmarks that ``asked`` (a name or the beginning of one; None: all) means.

    Raises ConfigurationError that lists the names.
    """
    chosen = [benchmark for benchmark in known if asked is None or benchmark.answers(asked)]
    if not chosen:
        names = ", ".join(row for benchmark in known for row in benchmark.rows)
        raise ConfigurationError(
            f"没有名为 {asked} 的测量;可选:{names}", f"no benchmark is called {asked!r}; there are: {names}"
        )
    return chosen
