"""Whether the nodes of a flow agree with each other and with the site. Pure; every fault has its place.

Three walks over the graph: from the start along all exits (what is not met is unreachable), backwards from the ends
along all exits (what is not met can never end), and backwards along *silent* exits alone (what is not met keeps a
citizen who presses nothing for ever).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ivr.flow.model import ENDS, AnyNode, Choosing, Collect, Condition, Header, Knowledge, Queue, Transfer

ANSWER_VARIABLES = frozenset({"number", "progress", "due", "due_prompt", "notice", "caller", "dialled", "matter"})
"""Variables that the answers of conditions and lookups set, or that every call has."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a flow."""

    line: int
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.line}: {self.zh} / {self.en}"


@dataclass(frozen=True)
class KnownNames:
    """What the site has. None: not known here, not checked."""

    prompts: Collection[str] | None = None
    groups: Collection[str] | None = None
    articles: Collection[str] | None = None
    emergencies: Collection[str] | None = None


Path = tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A flow that was read but not checked. ``lines``: path in the YAML → line."""

    header: Header
    nodes: Mapping[str, AnyNode]
    lines: Mapping[Path, int]
    broken: frozenset[str] = frozenset()
    """Nodes that could not be read; they have faults of their own."""

    def line(self, *path: str) -> int:
        """The line of this path, or of the nearest place around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def find_faults(draft: Draft, known: KnownNames) -> Iterator[Fault]:
    """Everything wrong with it."""
    missing = list(_missing_targets(draft))
    yield from missing
    yield from _unknown_names(draft, known)
    yield from _unset_variables(draft)
    if not missing and not draft.broken:  # else the walks would report the same faults again, in riddles
        yield from _unreachable(draft)
        yield from _endless(draft)


def _missing_targets(draft: Draft) -> Iterator[Fault]:
    names = draft.nodes.keys() | draft.broken
    if draft.header.start not in names:
        yield Fault(draft.line("start"), f"起始节点“{draft.header.start}”不存在", f"no node {draft.header.start!r}")
    for name, node in draft.nodes.items():
        for way in node.exits():
            if way.target not in names:
                line = draft.line("nodes", name, *way.at)
                yield Fault(line, f"节点“{name}”指向不存在的节点“{way.target}”", f"{name}: no node {way.target!r}")


def _unknown_names(draft: Draft, known: KnownNames) -> Iterator[Fault]:
    for name, node in draft.nodes.items():
        for prompt, at in node.spoken():
            if known.prompts is not None and not prompt.startswith("$") and prompt not in known.prompts:
                yield Fault(
                    draft.line("nodes", name, *at), f"没有语音提示“{prompt}”", f"{name}: there is no prompt {prompt!r}"
                )
        group = node.group if isinstance(node, Queue | Condition) else None
        tolerated = isinstance(node, Queue) and node.optional
        if known.groups is not None and group is not None and group not in known.groups and not tolerated:
            yield Fault(
                draft.line("nodes", name, "group"), f"没有座席组“{group}”", f"{name}: there is no group {group!r}"
            )
        emergency = node.emergency if isinstance(node, Transfer) else None
        if known.emergencies is not None and emergency is not None and emergency not in known.emergencies:
            yield Fault(
                draft.line("nodes", name, "emergency"),
                f"没有配置紧急平台“{emergency}”",
                f"{name}: there is no emergency platform {emergency!r}",
            )
        if isinstance(node, Knowledge) and known.articles is not None and node.article not in known.articles:
            yield Fault(
                draft.line("nodes", name, "article"),
                f"知识库没有文章“{node.article}”",
                f"{name}: there is no article {node.article!r}",
            )


def _unset_variables(draft: Draft) -> Iterator[Fault]:
    set_somewhere = ANSWER_VARIABLES | {
        node.into for node in draft.nodes.values() if isinstance(node, Collect | Choosing) and node.into
    }
    if draft.broken:
        return
    for name, node in draft.nodes.items():
        for variable, at in node.reads():
            if variable not in set_somewhere:
                line = draft.line("nodes", name, *at)
                yield Fault(
                    line, f"变量“{variable}”没有任何节点赋值", f"{name}: nothing sets the variable {variable!r}"
                )


def _unreachable(draft: Draft) -> Iterator[Fault]:
    met, ahead = set(), [draft.header.start]
    while ahead:
        name = ahead.pop()
        if name not in met:
            met.add(name)
            ahead += [way.target for way in draft.nodes[name].exits()]
    for name in draft.nodes:
        if name not in met:
            yield Fault(draft.line("nodes", name), f"节点“{name}”永远到不了", f"the node {name!r} cannot be reached")


def _endless(draft: Draft) -> Iterator[Fault]:
    ending, served = _leading_to_an_end(draft, silent=False), _leading_to_an_end(draft, silent=True)
    for name in draft.nodes:
        line = draft.line("nodes", name)
        if name not in ending:
            yield Fault(line, f"节点“{name}”陷入循环，没有出口", f"{name!r} is in a loop without an exit")
        elif name not in served:
            yield Fault(
                line,
                f"市民不按键时，节点“{name}”陷入循环",
                f"{name!r} keeps a citizen who presses nothing in a loop for ever",
            )


def _leading_to_an_end(draft: Draft, *, silent: bool) -> set[str]:
    before: dict[str, set[str]] = {name: set() for name in draft.nodes}
    for name, node in draft.nodes.items():
        for way in node.exits():
            if way.silent or not silent:
                before[way.target].add(name)
    met: set[str] = set()
    ahead = [name for name, node in draft.nodes.items() if isinstance(node, ENDS)]
    while ahead:
        name = ahead.pop()
        if name not in met:
            met.add(name)
            ahead += before[name]
    return met
