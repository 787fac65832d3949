"""Synthesise the training set -> features (float16) and frame labels."""
import os
import random
from multiprocessing import Pool
import numpy as np
import lang
import synth
import text

N = int(os.environ.get("TV_UTTS", "32000"))
OUT = os.environ.get("TV_WORK", "../../var/asr-recipe")
E = None
STATE = {}


def init():
    global E
    E = synth.Espeak()
    sents, vocab, lex, base = lang.build()
    STATE.update(sents=sents, vocab=vocab, lex=lex, ids={p: i for i, p in enumerate(base)}, syls=lang.all_syllables(set(base)))


def reading(w, rng):
    alts = STATE["lex"][w]
    return alts[0] if rng.random() < 0.75 else rng.choice(alts)


def one(i):
    rng = random.Random(lang.SEED * 1000003 + i)
    nrng = np.random.default_rng(lang.SEED * 7 + i)
    r = rng.random()
    if r < 0.10:                                         # no speech at all
        n = int(8000 * rng.uniform(1.5, 5))
        k = rng.random()
        x = np.zeros(n)
        if k < 0.5:
            x = synth.music(n, nrng) * 32768 * 10 ** (rng.uniform(-45, -12) / 20)
        if k > 0.35:
            x = x + synth.noise(n, nrng) * 32768 * 10 ** (rng.uniform(-75, -14) / 20)
        x = np.clip(x, -32768, 32767)
        x = np.round(synth.mulaw(x) if rng.random() < 0.7 else x).astype(np.int16)
        f = synth.mfcc(x)
        return f.astype(np.float16), np.zeros(len(f), np.int16), np.zeros(len(f), np.int32)
    spn = None
    if r < 0.78:
        words = [reading(w, rng) for w in text.segment(rng.choice(STATE["sents"]))]
    elif r < 0.86:                                       # word salad
        words = [reading(rng.choice(STATE["vocab"]), rng) for _ in range(rng.randint(1, 7))]
    else:                                                # random syllables, some of them labelled "garbage"
        words = [[rng.choice(STATE["syls"]) for _ in range(rng.choice([1, 2, 2, 3]))] for _ in range(rng.randint(1, 6))]
        if rng.random() < 0.35:
            spn = True
    p = 0.05 if rng.random() < 0.6 else 0.3
    pauses = [rng.random() < p for _ in words]
    u = E.utterance(words, rng.random() < 0.5, pauses, voice=rng.choice(synth.TRAIN_VOICES), rate=rng.choice([175, rng.randint(115, 260)]),
                    pitch=rng.choice([50, rng.randint(20, 85)]), prange=rng.choice([50, rng.randint(20, 80)]))
    if u is None:
        return None
    pcm, ali = u
    warp = 1.0 if rng.random() < 0.35 else rng.uniform(0.86, 1.16)
    x, k = synth.to8k(pcm, E.sr, warp)
    a, b = int(8000 * rng.uniform(0.02, 0.7)), int(8000 * rng.uniform(0.1, 0.9))
    x = np.concatenate([np.zeros(a), x, np.zeros(b)])
    x = synth.channel(x, nrng)
    f = synth.mfcc(x)
    lab, seg = np.zeros(len(f), np.int16), np.zeros(len(f), np.int32)
    centre = np.arange(len(f)) * 80 + 100
    n, prev_end, prev = 1, 0, None
    for ph, s, e in ali:
        s, e = s * k + a, e * k + a
        if prev is not None and s - prev_end < 0.035 * 8000:
            s = prev_end if n % 2 else s                 # tiny gaps belong to neither: split below
            m = (centre >= prev_end) & (centre < s)
            lab[m], seg[m] = prev
        idx = (centre >= s) & (centre < e)
        pid = lang_id(ph, spn)
        lab[idx] = pid
        seg[idx] = prev[1] if (spn and prev is not None and s - prev_end < 280) else n
        prev, prev_end = (pid, seg[idx][0] if idx.any() else n), e
        n += 1
    z = seg == 0
    edge = np.flatnonzero(np.diff(np.concatenate([[0], z.astype(int)])) == 1)
    for j, st in enumerate(edge):                        # number the silences
        e2 = st
        while e2 < len(z) and z[e2]:
            e2 += 1
        seg[st:e2] = -1 - j
    return f.astype(np.float16), lab, seg


def lang_id(ph, spn):
    return 1 if spn else STATE["ids"][ph]


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    F, L, S, bad = [], [], [], 0
    with Pool(2, init) as pool:
        off = 0
        for i, r in enumerate(pool.imap(one, range(N), chunksize=64)):
            if r is None or len(r[0]) < 10:
                bad += 1
                continue
            f, lab, seg = r
            F.append(f)
            L.append(lab)
            S.append(seg + off)
            off += 4000
            if i % 4000 == 0:
                print(i, "bad", bad, flush=True)
    np.save(OUT + "/feats.npy", np.concatenate(F))
    np.save(OUT + "/lab.npy", np.concatenate(L))
    np.save(OUT + "/seg.npy", np.concatenate(S))
    np.save(OUT + "/len.npy", np.array([len(f) for f in F]))
    print("utts", len(F), "bad", bad, "hours", sum(len(f) for f in F) / 360000)
