"""A TCP server that behaves like Asterisk's manager interface, and can be told to misbehave.

It knows channels (``Status``), globals, queue members, and records every action that it received. Silence, refusals,
raw bytes, lost connections and another start time are at the test's command.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from telephony.ami import AmiAddress

PASSWORD = "geheim"
Action = dict[str, list[str]]


@dataclass
class FakeChannel:
    """One channel as ``Status`` shows it."""

    channel: str
    uniqueid: str
    state: str = "6"
    caller: str = "13800000001"
    context: str = "citizen"
    exten: str = "s"
    application: str = "AGI"
    bridge_id: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[tuple[str, str]]:
        """What Asterisk writes about a channel in every event."""
        return [
            ("Channel", self.channel),
            ("ChannelState", self.state),
            ("ChannelStateDesc", {"6": "Up", "5": "Ringing", "4": "Ring", "0": "Down"}[self.state]),
            ("CallerIDNum", self.caller),
            ("CallerIDName", "<unknown>"),
            ("ConnectedLineNum", "<unknown>"),
            ("ConnectedLineName", "<unknown>"),
            ("Language", "zh"),
            ("AccountCode", ""),
            ("Context", self.context),
            ("Exten", self.exten),
            ("Priority", "1"),
            ("Uniqueid", self.uniqueid),
            ("Linkedid", self.uniqueid),
        ]


class FakeAmi:
    """The server. ``async with FakeAmi() as ami: AmiLink(ami.address)``."""

    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.connections = 0
        self.silent: set[str] = set()
        """Actions that get no answer."""
        self.answers: dict[str, Callable[[Action], list[list[tuple[str, str]]]]] = {}
        """Actions that get these messages instead of the usual ones."""
        self.held: set[str] = set()
        """Actions whose answers, true at the time of asking, are kept back until ``let_go``."""
        self.held_snapshots = False
        """Whether the answers to questions about all channels are kept back likewise."""
        self._kept: list[tuple[asyncio.StreamWriter, bytes]] = []
        self.channels: dict[str, FakeChannel] = {}
        self.globals: dict[str, str] = {}
        self.members: set[str] = set()
        self.started = "10:00:00"
        self.boots = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._port = 0

    @property
    def address(self) -> AmiAddress:
        """With the right password."""
        return AmiAddress("127.0.0.1", self._port, "hotline", PASSWORD)

    async def __aenter__(self) -> "FakeAmi":
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Lose every connection and accept no more."""
        if self._server is not None:
            self._server.close()
        self.drop()
        if self._serving:
            await asyncio.wait(self._serving)

    def drop(self) -> None:
        """Lose every connection."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def names(self) -> list[str]:
        """The names of the actions received, in order, without the login and pings."""
        return [name for action in self.actions if (name := action["Action"][0]) not in ("Login", "Ping")]

    async def received(self, name: str, times: int = 1) -> list[Action]:
        """Wait until an action was received so many times."""
        async with asyncio.timeout(5), self._news:
            while len(found := [a for a in self.actions if a["Action"][0] == name]) < times:
                await self._news.wait()
            return found

    def let_go(self) -> None:
        """Write the answers that were held, in their order, and hold no more."""
        self.held.clear()
        self.held_snapshots = False
        for writer, data in self._kept:
            writer.write(data)
        self._kept.clear()

    def raw(self, data: bytes) -> None:
        """Write bytes to every connection."""
        for writer in self._writers:
            writer.write(data)

    def event(self, name: str, *lines: tuple[str, str]) -> None:
        """Write an event to every connection."""
        self.raw(wire([("Event", name), ("Privilege", "call,all"), *lines]))

    def channel_event(self, name: str, channel: FakeChannel, *more: tuple[str, str]) -> None:
        """Write an event about a channel; whether it is true is the test's affair."""
        self.event(name, *channel.lines(), *more)

    def add(self, channel: FakeChannel) -> FakeChannel:
        """A channel comes to be, and Asterisk says so; what else is true of it came after."""
        self.channels[channel.uniqueid] = channel
        self.channel_event("Newchannel", replace(channel, state="0"))
        return channel

    def hang_up(self, channel: FakeChannel, cause: int = 16) -> None:
        """A channel ends, and Asterisk says so."""
        del self.channels[channel.uniqueid]
        self.channel_event("Hangup", channel, ("Cause", str(cause)), ("Cause-txt", "Normal Clearing"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                block = await reader.readuntil(b"\r\n\r\n")
                action: Action = {}
                for line in block.decode().split("\r\n"):
                    key, colon, value = line.partition(": ")
                    if colon:
                        action.setdefault(key, []).append(value)
                self._answer(action, writer)
                async with self._news:
                    self.actions.append(action)
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, action: Action, writer: asyncio.StreamWriter) -> None:
        name, number = action["Action"][0], ("ActionID", action["ActionID"][0])
        if name in self.silent:
            return
        if name in self.answers:
            messages = self.answers[name](action)
        elif name == "Login":
            messages = self._log_in(action)
        elif name == "Status":
            messages = self._status(action)
        else:
            messages = [self._reply(name, action)]
        for message in messages:
            booted = ("Event", "FullyBooted") in message
            data = wire([message[0], *([] if booted else [number]), *message[1:]])
            if name in self.held or (self.held_snapshots and name == "Status" and "Channel" not in action):
                self._kept.append((writer, data))
            else:
                writer.write(data)

    def _log_in(self, action: Action) -> list[list[tuple[str, str]]]:
        if action["Secret"] != [PASSWORD]:
            return [[("Response", "Error"), ("Message", "Authentication failed")]]
        booted = [("Event", "FullyBooted"), ("Privilege", "system,all"), ("Status", "Fully Booted")]
        return [[("Response", "Success"), ("Message", "Authentication accepted")], *([booted] if self.boots else [])]

    def _status(self, action: Action) -> list[list[tuple[str, str]]]:
        wanted = action.get("Channel", [""])[0]
        found = [c for c in self.channels.values() if wanted in ("", c.uniqueid, c.channel)]
        if wanted and not found:
            return [[("Response", "Error"), ("Message", "No such channel")]]
        items = [
            [
                ("Event", "Status"),
                ("Privilege", "Call"),
                *channel.lines(),
                ("BridgeID", channel.bridge_id),
                ("Application", channel.application),
                *[
                    ("Variable", f"{name}={channel.variables.get(name, '(null)')}")
                    for name in action["Variables"][0].split(",")
                ],
            ]
            for channel in found
        ]
        count = str(len(items))
        return [
            [("Response", "Success"), ("EventList", "start"), ("Message", "Channel status will follow")],
            *items,
            [("Event", "StatusComplete"), ("EventList", "Complete"), ("ListItems", count)],
        ]

    def _reply(self, name: str, action: Action) -> list[tuple[str, str]]:
        success = ("Response", "Success")
        match name:
            case "PJSIPShowEndpoint":
                return [("Response", "Error"), ("Message", "Unable to retrieve endpoint")]
            case "Ping":
                return [success, ("Ping", "Pong")]
            case "CoreStatus":
                return [success, ("CoreStartupDate", "2026-01-01"), ("CoreStartupTime", self.started)]
            case "Setvar":
                self.globals[action["Variable"][0]] = action["Value"][0]
                return [success, ("Message", "Variable Set")]
            case "Getvar":
                variable = action["Variable"][0]
                return [success, ("Variable", variable), ("Value", self.globals.get(variable, ""))]
            case "QueueAdd" | "QueueRemove":
                return self._change_queue(name == "QueueAdd", action["Interface"][0])
            case "Bridge" | "Hangup" | "Redirect":
                named = [action[key][0] for key in ("Channel", "Channel1", "Channel2") if key in action]
                known = {word for c in self.channels.values() for word in (c.uniqueid, c.channel)}
                if not known.issuperset(named):
                    return [("Response", "Error"), ("Message", "No such channel")]
                return [success]
            case _:
                return [success, ("Message", "Originate successfully queued")]

    def _change_queue(self, add: bool, interface: str) -> list[tuple[str, str]]:
        if (interface in self.members) is add:
            why = "Unable to add interface: Already there" if add else "Unable to remove interface: Not there"
            return [("Response", "Error"), ("Message", why)]
        self.members ^= {interface}
        return [("Response", "Success"), ("Message", "Added interface to queue")]


def wire(lines: list[tuple[str, str]]) -> bytes:
    """A message as bytes."""
    return "".join(f"{key}: {value}\r\n" for key, value in lines).encode() + b"\r\n"
