"""``hotline phone``: a telephone on the command line, for whoever has none at hand."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from telephony.phone.calls import CallOver, CallRefused, PhoneCall, read_sound
from telephony.phone.phones import ScriptedPhone
from telephony.phone.wire import Address

_IN_ORDER = ("--say", "--press", "--wait")
_ORDER = "telephony.phone.order"


class _KeepsOrder(TyperGroup):
    """Click groups equal options together; a script on the telephone needs them in the order typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_ORDER] = [name for arg in args if (name := arg.partition("=")[0]) in _IN_ORDER]
        return super().parse_args(ctx, args)


phone_command = typer.Typer(
    cls=_KeepsOrder, add_completion=False, subcommand_metavar="", help="打电话 / a scripted telephone"
)


@dataclass(frozen=True)
class Step:
    """One thing to do in a call: ``say`` a wav, ``press`` keys, ``wait`` seconds."""

    verb: str
    what: str


@phone_command.callback(invoke_without_command=True)
def phone(
    context: typer.Context,
    number: Annotated[str, typer.Option("--from", help="本机号码 / our number")] = "13800000001",
    dial: Annotated[str, typer.Option(help="拨打的号码 / number to dial")] = "",
    listen: Annotated[bool, typer.Option("--listen/--no-listen", help="等待来电 / wait for a call instead")] = False,
    answer: Annotated[bool, typer.Option("--answer/--reject", help="接听或拒接来电 / take the call or be busy")] = True,
    say: Annotated[list[Path] | None, typer.Option(help="播放录音（8 kHz 单声道 wav）/ speak this wav")] = None,
    press: Annotated[list[str] | None, typer.Option(help="按键 / press keys")] = None,
    wait: Annotated[list[float] | None, typer.Option(help="等待秒数 / wait seconds between the steps")] = None,
    hear: Annotated[Path | None, typer.Option(help="把听到的声音存为 wav / keep what is heard")] = None,
    hold_seconds: Annotated[float, typer.Option(help="最后保持通话 / stay on the line at the end")] = 2.0,
    server: Annotated[str, typer.Option(help="Asterisk 的 SIP 地址 / Asterisk's SIP address")] = "127.0.0.1:5060",
    bind: Annotated[str, typer.Option(help="本机地址 / our address (the trunk's, to be called)")] = "127.0.0.1:0",
    user: Annotated[str | None, typer.Option(help="座席话机账号，如 1001-sip / seat's SIP user")] = None,
    password: Annotated[
        str | None, typer.Option(envvar="HOTLINE_PHONE_PASSWORD", help="座席话机密码 / its password")
    ] = None,
    timeout: Annotated[float, typer.Option(help="等待接通的秒数 / seconds to wait for the answer")] = 30.0,
) -> None:
    """Dial a number, or wait to be called; then say, press and wait in the order given, and hang up.

    hotline phone --from 13800000001 --dial 12345 --say story.wav --press 1
    hotline phone --user 1001-sip --listen    (a seat's desk phone: it registers)
    """
    if bool(dial) == listen:
        raise typer.BadParameter("请用 --dial 号码 或 --listen / either --dial NUMBER or --listen")
    values = {"--say": iter(say or []), "--press": iter(press or []), "--wait": iter(wait or [])}
    steps = [Step(name[2:], str(next(values[name]))) for name in context.meta[_ORDER]]
    telephone = ScriptedPhone(number, read_address(server), read_address(bind), user, password)
    try:
        check_steps(steps)
        asyncio.run(_play(telephone, dial, answer, steps, hear, hold_seconds, timeout))
    except (CallRefused, CallOver, ValueError, OSError) as problem:  # TimeoutError is an OSError
        typer.echo(f"没有成功 / failed: {str(problem) or '超时 / timed out'}", err=True)
        raise typer.Exit(1) from None


def read_address(text: str) -> Address:
    """``host:port`` or ``host`` (port 5060). Raises ``typer.BadParameter``."""
    host, _, port = text.partition(":")
    if not host or not (port or "5060").isdigit():
        raise typer.BadParameter(f"地址应为 主机:端口 / an address is host:port, not {text!r}")
    return host, int(port or 5060)


def check_steps(steps: list[Step]) -> None:
    """Raise ``ValueError`` or ``OSError`` for an unreadable wav or a wrong key before anybody is rung."""
    for step in steps:
        if step.verb == "say":
            read_sound(step.what)
        elif step.verb == "press" and (wrong := set(step.what.upper()) - set("0123456789*#ABCD")):
            raise ValueError(f"没有这样的按键 / not a telephone key: {''.join(sorted(wrong))}")


async def _play(
    telephone: ScriptedPhone, dial: str, answer: bool, steps: list[Step], hear: Path | None, hold: float, timeout: float
) -> None:
    async with telephone as phone:
        call = await phone.dial(dial, timeout) if dial else await _await_call(phone, answer, timeout)
        if call is None:
            return
        typer.echo(f"已接通 / connected: {call.number}")
        if hear is not None:
            call.record_to(hear)
        for step in steps:
            await _take_step(call, step)
        try:
            await call.wait_ended(hold)
        except TimeoutError:
            await call.hang_up()
        by = "本机挂断 / we hung up" if call.ending and call.ending.by_us else "对方挂断 / they hung up"
        typer.echo(f"{by}")


async def _await_call(phone: ScriptedPhone, answer: bool, timeout: float) -> PhoneCall | None:
    if phone.is_seat:
        await phone.register(3600)
        typer.echo(f"已注册 / registered: {phone.number}")
    typer.echo(f"等待来电 / waiting at {phone.address[0]}:{phone.address[1]}")
    ringing = await phone.next_call(timeout)
    typer.echo(f"来电 / call from {ringing.number} for {ringing.dialled}")
    if answer:
        return await ringing.answer()
    ringing.reject(486)
    return None


async def _take_step(call: PhoneCall, step: Step) -> None:
    match step.verb:
        case "say":
            await call.say(step.what)
        case "press":
            await call.press(step.what)
        case _:
            try:
                await call.wait_ended(float(step.what))
            except TimeoutError:
                return
    typer.echo(f"{step.verb} {step.what}")
