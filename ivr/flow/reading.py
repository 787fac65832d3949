"""YAML → ``Flow``, or every fault in it at once, each with its line.

The tree is built here and not by ``yaml.safe_load``: that forgets lines, lets the second of two equal keys win, and
reads 0110 as a number in base eight. Here every scalar stays the text that stands in the file; the models make numbers
of it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import yaml
from pydantic import ValidationError

from hotline.errors import ConfigurationError
from ivr.flow.checks import Draft, Fault, KnownNames, Path, find_faults
from ivr.flow.model import KINDS, AnyNode, Flow, Header

LONGEST_TEXT = 200_000
"""Characters of a flow at most."""
_DEEPEST = 12
_NULL = "tag:yaml.org,2002:null"


class FlowError(ConfigurationError):
    """A flow that cannot be used. ``faults`` in the order of lines."""

    code = "flow"

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        name = PurePath(source).name
        zh = "\n".join(f"  {name}:{fault.line}: {fault.zh}" for fault in self.faults)
        en = "\n".join(f"  {name}:{fault.line}: {fault.en}" for fault in self.faults)
        super().__init__(f"流程有 {len(self.faults)} 处错误：\n{zh}", f"{len(self.faults)} fault(s) in the flow:\n{en}")


@dataclass
class _Tree:
    """Plain values, the line of each path, and what was wrong with the text itself."""

    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)

    def build(self, node: yaml.Node, path: Path = ()) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        line = node.start_mark.line + 1
        if len(path) > _DEEPEST or id(node) in self.seen:
            self.faults.append(Fault(line, "不支持别名，也不能嵌套过深", "no aliases and no deep nesting, please"))
            return None
        if not isinstance(node, yaml.ScalarNode):
            self.seen.add(id(node))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.build(item, (*path, str(index))) for index, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return None if node.tag == _NULL else str(node.value)
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if not isinstance(name, yaml.ScalarNode):
                self.faults.append(Fault(line, "键必须是文字", "a key must be plain text"))
                continue
            key = str(name.value)
            if key in values:
                self.faults.append(Fault(line, f"“{key}”重复出现", f"{key!r} stands there twice"))
                continue
            self.lines[(*path, key)] = line
            values[key] = self.build(value, (*path, key))
        return values


def read_flow(text: str, *, source: str = "flow", known: KnownNames | None = None) -> Flow:
    """The flow in ``text``. Raises ``FlowError`` with all faults."""
    tree = _Tree()
    values = _parse(text, tree, source)
    draft, faults = _draft(values, tree)
    if draft is not None:
        faults += find_faults(draft, known or KnownNames())
    if draft is None or faults:
        raise FlowError(source, faults)
    header = draft.header
    return Flow(
        name=header.flow,
        version=hashlib.sha256(text.encode()).hexdigest()[:12],
        title=header.title,
        start=header.start,
        language=header.language,
        maximum_steps=header.maximum_steps,
        nodes=dict(draft.nodes),
        source=source,
    )


def _parse(text: str, tree: _Tree, source: str) -> dict[str, Any]:
    if len(text) > LONGEST_TEXT:
        raise FlowError(source, [Fault(1, "文件过大", f"longer than {LONGEST_TEXT} characters")])
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as failure:
        mark = getattr(failure, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = str(getattr(failure, "problem", None) or getattr(failure, "reason", None) or "unreadable")
        raise FlowError(source, [Fault(line, f"不是有效的 YAML：{why}", f"not valid YAML: {why}")]) from None
    except RecursionError:
        raise FlowError(source, [Fault(1, "嵌套过深", "nested too deeply")]) from None
    values = tree.build(root) if root is not None else None
    if not isinstance(values, dict):
        raise FlowError(source, [Fault(1, "流程文件应是键值结构", "a flow is a mapping of keys")])
    return values


def _draft(values: dict[str, Any], tree: _Tree) -> tuple[Draft | None, list[Fault]]:
    faults, raw = list(tree.faults), values.pop("nodes", None)
    header: Header | None = None
    try:
        header = Header.model_validate(values)
    except ValidationError as failure:
        faults += _describe(failure, tree, ())
    if not isinstance(raw, dict) or not raw:
        faults.append(Fault(tree.lines.get(("nodes",), 1), "缺少 nodes（流程节点）", "there are no nodes"))
        return None, faults
    nodes: dict[str, AnyNode] = {}
    for name, value in raw.items():
        node, wrong = _read_node(name, value, tree)
        faults += wrong
        if node is not None:
            nodes[name] = node
    if header is None:
        return None, faults
    return Draft(header, nodes, tree.lines, broken=frozenset(raw) - frozenset(nodes)), faults


def _read_node(name: str, value: Any, tree: _Tree) -> tuple[AnyNode | None, list[Fault]]:
    line = tree.lines.get(("nodes", name), 1)
    kind = value.get("do") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        at = tree.lines.get(("nodes", name, "do"), line)
        kinds = ", ".join(KINDS)
        return None, [Fault(at, f"节点“{name}”的 do 应是以下之一：{kinds}", f"{name}: do must be one of {kinds}")]
    try:
        return KINDS[kind].model_validate(value), []
    except ValidationError as failure:
        return None, _describe(failure, tree, ("nodes", name))


def _describe(failure: ValidationError, tree: _Tree, prefix: Path) -> list[Fault]:
    return [_fault(error, tree, prefix) for error in failure.errors()]


def _fault(error: Any, tree: _Tree, prefix: Path) -> Fault:
    inner = tuple(str(part) for part in error["loc"] if part != "[key]")
    path = (*prefix, *inner)
    around = path
    while around and around not in tree.lines:
        around = around[:-1]
    line, key = tree.lines.get(around, 1), ".".join(path)
    match error["type"]:
        case "extra_forbidden":
            return Fault(line, f"未知的键 {key}", f"{key}: unknown key")
        case "missing":
            return Fault(line, f"缺少 {key}", f"{key}: missing")
        case "value_error":  # of a whole node; it begins with the field that it is about
            why = str(error["msg"]).removeprefix("Value error, ")
            line = tree.lines.get((*prefix, why.partition(":")[0]), line)
            return Fault(line, f"{key}：{why}", f"{key}: {why}")
        case _:
            got = str(error["input"])[:40]
            return Fault(line, f"{key} 取值不正确：{got}", f"{key}: {error['msg']} (got {got!r})")
