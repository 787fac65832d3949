"""A second look with the real model: names in real voice are found at their time, and a misheard one is put right."""

import wave
from pathlib import Path

import vosk

from asr.hotwords import Names, _second_look, takes_grammar, with_names
from asr.models import TEST_MODEL
from asr.recogniser import Heard, VoskRecogniser, Word
from asr.workers import Workers

SPEECH = Path(__file__).parents[1] / "speech"
SENTENCE = "06_held"
"""庙山镇卞庄村天然气还没有开通多次反映没有解决"""


def voice_of(name: str) -> bytes:
    with wave.open(str(SPEECH / f"{name}.wav")) as file:
        return bytes(file.readframes(file.getnframes()))


async def test_names_are_heard_in_a_real_voice() -> None:
    assert takes_grammar(TEST_MODEL)
    workers = Workers(1)
    plain = await VoskRecogniser.load(TEST_MODEL, workers)
    assert with_names(plain, ["霍格沃茨魔法学校"]) is plain, "what the model cannot spell costs nothing"
    keen = with_names(plain, ["庙山镇", "卞庄村", "城管局", "沂南县"])
    assert keen is not plain
    sound = voice_of(SENTENCE)
    texts = []
    for recogniser in (plain, keen):
        voice, heard = recogniser.open_voice(), []
        for at in range(0, len(sound), 3200):
            heard += [one for one in await voice.hear(sound[at : at + 3200]) if one.settled]
        heard.append(await voice.settle())
        texts.append("".join(one.text for one in heard))
    assert texts[0] == texts[1], "what was heard right stays"
    workers.close()


async def test_a_misheard_name_is_put_right_from_the_voice() -> None:
    workers = Workers(1)
    model: vosk.Model = (await VoskRecogniser.load(TEST_MODEL, workers)).model
    names = Names.of(["庙山镇", "卞庄村", "城管局"], lambda word: model.vosk_model_find_word(word) >= 0)
    look, sound = _second_look(model, names), voice_of(SENTENCE)
    begun = 10.0
    words = (Word("庙山镇", 10.3, 11.35), Word("边装村", 11.41, 12.55), Word("天然气", 12.61, 13.57))
    misheard = Heard("庙山镇边装村天然气", words, settled=True)
    assert look(misheard, sound, begun).text == "庙山镇卞庄村天然气"
    workers.close()
