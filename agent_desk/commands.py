"""``hotline account …``: who may sign in. The console is the only place where accounts are made, for now.

A password is generated and printed once, or typed twice; it never stands on the command line, where others see it.
"""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from hotline.bus import Bus
from hotline.clock import SystemClock
from hotline.database import Database
from hotline.errors import ConfigurationError, HotlineError, RuleBroken
from hotline.migrations import migrate
from hotline.security import Account, Role, Security
from hotline.security.passwords import generate_password
from hotline.settings import Settings, load_settings

account_command = typer.Typer(
    help="账号:新增、列出、改密、停用 / accounts: add, list, passwd, disable", no_args_is_help=True
)

Config = Annotated[Path, typer.Option("--config", "-c", help="配置文件 / the site's settings", envvar="HOTLINE_CONFIG")]
Name = Annotated[str, typer.Argument(help="账号 / the account", show_default=False)]
Typed = Annotated[
    bool, typer.Option("--type", help="自行输入密码,而不是生成 / type the password instead of generating it")
]
_DEFAULT = Path("config.yaml")
_CONSOLE = "console"
_Result = TypeVar("_Result")


@account_command.command("add")
def add_account(
    account: Name,
    role: Annotated[list[Role], typer.Option("--role", "-r", help="角色,可重复 / a role; may be repeated")],
    name: Annotated[str, typer.Option("--name", "-n", help="姓名 / the person's name")] = "",
    seat: Annotated[str | None, typer.Option("--seat", help="坐席员的座席号 / an agent's seat")] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="承办单位代码 / a department's unit")] = None,
    typed: Typed = False,
    config: Config = _DEFAULT,
) -> None:
    """新增账号 / make an account, for example: hotline account add wangmin --role agent --seat 1001 --name 王敏."""
    password = _ask_password() if typed else generate_password()
    wanted = Account(account=account, name=name or account, roles=frozenset(role), seat=seat, unit=unit)

    async def work(settings: Settings, security: Security) -> None:
        _check_places(settings, seat, unit)
        await security.accounts.add(wanted, password, by=_who(), from_where=_CONSOLE)

    _with_security(config, work)
    _tell(account, None if typed else password, "已新增 / added")


@account_command.command("list")
def list_accounts(config: Config = _DEFAULT) -> None:
    """列出账号 / list the accounts."""

    async def work(_settings: Settings, security: Security) -> None:
        for account in await security.accounts.all():
            roles = ",".join(sorted(account.roles))
            state = "停用 disabled" if account.disabled else "可用 active"
            place = account.seat or account.unit or "-"
            typer.echo(f"{account.account}\t{account.name}\t{roles}\t{place}\t{state}")

    _with_security(config, work)


@account_command.command("passwd")
def change_password(account: Name, typed: Typed = False, config: Config = _DEFAULT) -> None:
    """重置密码,并结束该账号的所有登录 / set a new password and end every session of the account."""
    password = _ask_password() if typed else generate_password()

    async def work(_settings: Settings, security: Security) -> None:
        await security.accounts.change_password(account, password, by=_who(), from_where=_CONSOLE)

    _with_security(config, work)
    _tell(account, None if typed else password, "密码已更新 / the password is changed")


@account_command.command("disable")
def disable_account(account: Name, config: Config = _DEFAULT) -> None:
    """停用账号,并结束其所有登录 / refuse sign-in from now on and end every session of the account."""

    async def work(_settings: Settings, security: Security) -> None:
        await security.accounts.disable(account, by=_who(), from_where=_CONSOLE)

    _with_security(config, work)
    _tell(account, None, "已停用 / disabled")


@account_command.command("enable")
def enable_account(account: Name, config: Config = _DEFAULT) -> None:
    """重新启用账号 / allow sign-in again."""

    async def work(_settings: Settings, security: Security) -> None:
        await security.accounts.enable(account, by=_who(), from_where=_CONSOLE)

    _with_security(config, work)
    _tell(account, None, "已启用 / enabled")


def _check_places(settings: Settings, seat: str | None, unit: str | None) -> None:
    """Refuse a seat or unit that the site does not have. Raises RuleBroken."""
    if seat is not None and seat not in {known.id for known in settings.seats}:
        raise RuleBroken(f"配置中没有座席 {seat}", f"the settings have no seat {seat}", code="bad_account")
    if unit is not None and unit not in {known.code for known in settings.organisation.units}:
        raise RuleBroken(f"配置中没有单位 {unit}", f"the settings have no unit {unit}", code="bad_account")


def _ask_password() -> str:
    typed: str = typer.prompt("新密码 / new password", hide_input=True, confirmation_prompt="再输一次 / again")
    return typed


def _tell(account: str, password: str | None, done: str) -> None:
    typer.echo(f"{account}: {done}")
    if password is not None:
        typer.echo(f"密码(只显示一次)/ password, shown once: {password}")


def _who() -> str:
    """The operator's name on this machine, for the audit trail."""
    try:
        return f"console:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user may have no name
        return "console"


def _with_security(config: Path, work: Callable[[Settings, Security], Awaitable[_Result]]) -> _Result:
    async def open_and_work() -> _Result:
        settings = load_settings(config)
        database = await Database.open(settings.database_url, Bus())
        try:
            await migrate(database)
            security = Security.open(database, SystemClock(), settings.web.session_hours)
            try:
                return await work(settings, security)
            finally:
                security.close()
        finally:
            await database.close()

    try:
        return asyncio.run(open_and_work())
    except HotlineError as error:
        typer.echo(f"{error.zh}\n{error.en}", err=True)
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from error
