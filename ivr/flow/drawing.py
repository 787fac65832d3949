"""A flow as a picture: Mermaid text, or an SVG laid out in layers by how far a node is from the start. Pure.

Small on purpose: a layer keeps the order in which its nodes are met, which is enough for a telephone flow.
"""

from collections.abc import Iterable
from html import escape

from ivr.flow import model
from ivr.flow.model import Exit, Flow

_WIDTH, _HEIGHT, _GAP, _LEVEL, _MARGIN = 150, 46, 26, 104, 30
_COLOURS = {
    "queue": "#d9f2e3", "hang_up": "#f6dada", "menu": "#dceafc", "collect": "#dceafc", "condition": "#fdf1d0",
    "lookup": "#fdf1d0", "knowledge": "#efe3fa", "record": "#efe3fa", "callback": "#d9f2e3", "transfer": "#d9f2e3",
}  # fmt: skip
_WAY_ZH = {
    "next": "",
    "otherwise": "否则",
    "found": "查到",
    "several": "多件",
    "missing": "未查到",
    "too_long": "等太久",
}
_KIND_ZH = {
    "play": "播放", "say": "播报", "menu": "菜单", "collect": "收号", "condition": "条件", "lookup": "查询",
    "knowledge": "知识", "record": "留言", "queue": "排队", "transfer": "转接", "callback": "回电", "hang_up": "挂机",
}  # fmt: skip


def draw_mermaid(flow: Flow) -> str:
    """A ``flowchart TD``."""
    numbers = {name: f"n{place}" for place, name in enumerate(flow.nodes)}
    lines = ["flowchart TD"]
    for name, node in flow.nodes.items():
        left, right = ('{{"', '"}}') if isinstance(node, model.Condition | model.Lookup) else ('["', '"]')
        lines.append(f"  {numbers[name]}{left}{name}<br/>{caption(node)}{right}")
    for name, node in flow.nodes.items():
        for target, label in merged_exits(node.exits()):
            arrow = f"-- {label.replace('#', '井').replace('*', '星')} -->" if label else "-->"
            lines.append(f"  {numbers[name]} {arrow} {numbers[target]}")
    return "\n".join(lines) + "\n"


def caption(node: model.AnyNode) -> str:
    """What the node does, in a few characters."""
    match node:
        case model.Queue(group=group):
            detail = group or ""
        case model.Condition(ask=ask):
            detail = ask.value
        case model.Transfer(target=target, emergency=emergency):
            detail = target or emergency or ""
        case model.Knowledge(article=article):
            detail = article
        case model.Say(kind=kind, value=value):
            detail = f"{value}: {kind.value}"
        case model.Play(prompts=prompts) | model.Menu(prompts=prompts) | model.HangUp(prompts=prompts):
            detail = ", ".join(prompts)
        case _:
            detail = ""
    return f"{_KIND_ZH[node.do]} {detail}".strip().replace('"', "'")


def merged_exits(ways: Iterable[Exit]) -> list[tuple[str, str]]:
    """(target, label) with the labels of equal targets joined: ``1 / 9``."""
    labels: dict[str, list[str]] = {}
    for way in ways:
        labels.setdefault(way.target, []).append(_WAY_ZH.get(way.label, way.label))
    return [(target, " / ".join(label for label in given if label)) for target, given in labels.items()]


def draw_svg(flow: Flow) -> str:
    """A picture that any browser shows."""
    places = _lay_out(flow)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
        f"<title>{escape(flow.title or flow.name)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for name, node in flow.nodes.items():
        for target, label in merged_exits(node.exits()):
            parts.append(_arrow(places[name], places[target], label))
    parts += [_box(name, node, places[name], name == flow.start) for name, node in flow.nodes.items()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _lay_out(flow: Flow) -> dict[str, tuple[int, int]]:
    """Node → left upper corner. Layer = fewest steps from the start."""
    layers, layer_of = [[flow.start]], {flow.start: 0}
    while layers[-1]:
        below: list[str] = []
        for name in layers[-1]:
            for way in flow.nodes[name].exits():
                if way.target not in layer_of:
                    layer_of[way.target] = len(layers)
                    below.append(way.target)
        layers.append(below)
    widest = max(len(layer) for layer in layers)
    places: dict[str, tuple[int, int]] = {}
    for level, layer in enumerate(layers):
        indent = (widest - len(layer)) * (_WIDTH + _GAP) // 2
        for column, name in enumerate(layer):
            places[name] = (_MARGIN + indent + column * (_WIDTH + _GAP), _MARGIN + level * _LEVEL)
    return places


def _box(name: str, node: model.AnyNode, place: tuple[int, int], is_start: bool) -> str:
    x, y = place
    text = caption(node)
    text = text if len(text) <= 22 else text[:21] + "…"
    middle, colour, edge = x + _WIDTH // 2, _COLOURS.get(node.do, "#f1f3f6"), "#c33" if is_start else "#889"
    return (
        f'<g><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="{colour}" stroke="{edge}"/>'
        f'<text x="{middle}" y="{y + 19}" text-anchor="middle" font-weight="bold">{escape(name)}</text>'
        f'<text x="{middle}" y="{y + 35}" text-anchor="middle" fill="#445">{escape(text)}</text></g>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int], label: str) -> str:
    x1, y1 = start[0] + _WIDTH // 2, start[1] + _HEIGHT
    x2, y2 = end[0] + _WIDTH // 2, end[1]
    if end[1] > start[1]:
        path = f"M{x1} {y1}C{x1} {y1 + 30} {x2} {y2 - 34} {x2} {y2}"
        at = (x1 * 2 + x2) // 3, (y1 * 2 + y2) // 3
    else:  # back, or along the layer: round the side
        x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + 23, end[0] + _WIDTH, end[1] + 23
        side = max(x1, x2) + 22
        path = f"M{x1} {y1}C{side} {y1} {side} {y2} {x2} {y2}"
        at = side - 8, (y1 + y2) // 2
    words = f'<text x="{at[0]}" y="{at[1]}" fill="#a50">{escape(label)}</text>' if label else ""
    return f'<path d="{path}" fill="none" stroke="#99a" marker-end="url(#tip)"/>{words}'
