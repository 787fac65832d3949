"""Fill the templates in: pure, deterministic, and refusing every value that could change a file's meaning.

Only a value that went through a filter below may be printed; the environment refuses plain strings. So a seat password
with a line break or a folder with a semicolon stops the start instead of becoming another configuration.
"""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dialplans.plan import SwitchPlan
from hotline.errors import ConfigurationError

_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9*#+]{1,32}")
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,255}")
_SECRET = re.compile(r"[A-Za-z0-9_.~!@%^*+=:-]{8,128}")
_UNSAFE_IN_PATH = re.compile(r"[\x00-\x1f\x7f;,$\"'`\\()&|\[\]{}<>]")


class Checked(str):
    """Text that a filter has found harmless in a configuration file."""


def _matching(kind: str, pattern: re.Pattern[str]) -> Any:
    def check(value: str) -> Checked:
        if not pattern.fullmatch(value):
            shown = "***" if kind == "secret" else repr(value)
            raise ConfigurationError(
                f"无法写入 Asterisk 配置的取值 ({kind}): {shown}", f"not a safe {kind} for Asterisk: {shown}"
            )
        return Checked(value)

    return check


def _path(value: Path) -> Checked:
    text = str(value)
    if not value.is_absolute() or _UNSAFE_IN_PATH.search(text):
        raise ConfigurationError(
            f"路径 {text!r} 含有 Asterisk 配置不允许的字符, 请换一个 storage.folder",
            f"the path {text!r} holds characters that Asterisk's files cannot carry; choose another storage.folder",
        )
    return Checked(text)


def _hostname(value: str) -> Checked:
    checked: Checked = _matching("host", _HOST)(value)
    return Checked(f"[{checked}]") if ":" in checked else checked


def _refuse_unchecked(value: object) -> object:
    if isinstance(value, Checked | int):
        return value
    raise TypeError(f"a template prints an unchecked {type(value).__name__}")


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dialplans"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # not HTML; _refuse_unchecked is the guard
        finalize=_refuse_unchecked,
    )
    environment.filters.update(
        word=_matching("word", _WORD),
        number=_matching("number", _NUMBER),
        secret=_matching("secret", _SECRET),
        host=_hostname,
        path=_path,
    )
    return environment


def render_files(plan: SwitchPlan) -> dict[str, str]:
    """File name → content, for every ``templates/*.conf``. Raises ConfigurationError naming the bad value."""
    environment = _environment()
    names = sorted(environment.list_templates(extensions=["conf"]))
    return {name: environment.get_template(name).render(plan=plan) for name in names}
