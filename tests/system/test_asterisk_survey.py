"""The robot's call on a real Asterisk: dialled through the trunk, recorded, and handed to FastAGI with its task."""

import asyncio

from telephony.phone import ScriptedGateway
from tests.system.conftest import RunningAsterisk
from tests.system.raw_ami import raw_ami

CITIZEN = "13800000001"


async def test_an_answered_survey_call_is_recorded_and_asks_the_engine(asterisk: RunningAsterisk) -> None:
    settings = asterisk.settings.asterisk
    asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def engine(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\n\n")).decode()
        asked.set_result(request)
        writer.close()

    server = await asyncio.start_server(engine, "127.0.0.1", settings.agi_port)
    bind = (settings.trunk.host, settings.trunk.port)
    async with (
        server,
        raw_ami(settings.ami_port, asterisk.secrets.ami_password) as ami,
        ScriptedGateway(server=(settings.host, settings.sip_port), bind=bind) as gateway,
    ):
        citizen = gateway.citizen(CITIZEN)
        answer = await ami.ask(
            "Originate",
            Channel=f"PJSIP/{CITIZEN}@trunk",
            Context="survey",
            Exten="s",
            Priority="1",
            CallerID="12345",
            ChannelId="survey-test-1",
            Variable="HOTLINE_TASK=task_1;evil",
            Async="true",
        )
        assert answer["Response"] == "Success", answer
        ringing = await citizen.next_call()
        call = await ringing.answer()
        request = await asyncio.wait_for(asked, 5)
        assert "agi_network_script: callback?task=task_1evil&found=-\n" in request, "only what a name may hold"
        assert "agi_uniqueid: survey-test-1\n" in request
        assert not (await call.wait_ended()).by_us, "an engine that is done lets the citizen go"
        await ami.event("Hangup", Uniqueid="survey-test-1")
    assert {path.name for path in asterisk.files.monitor.glob("survey-test-1*")} == {
        "survey-test-1-in.wav",
        "survey-test-1-out.wav",
    }
