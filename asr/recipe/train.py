"""Train the TDNN (frame cross-entropy on exact alignments, 30 ms output frames)."""
import os
import time
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import lang

OUT = os.environ.get("TV_WORK", "../../var/asr-recipe")
EPOCHS = float(os.environ.get("TV_EPOCHS", "9"))
H0, H = 224, 208
#          in, out, kernel, stride, dilation   (stride 3 turns 10 ms frames into 30 ms frames)
LAYERS = [(40, H0, 5, 1, 1), (H0, H, 3, 3, 1), (H, H, 3, 1, 1), (H, H, 3, 1, 1), (H, H, 3, 1, 1), (H, H, 3, 1, 2)]
CONTEXT = 2 + 1 + 3 + 3 + 3 + 6      # input frames needed each side
CHUNK, BATCH = 150, 32


class Net(nn.Module):
    def __init__(self, npdf):
        super().__init__()
        self.register_buffer("mean", torch.zeros(40))
        self.register_buffer("std", torch.ones(40))
        self.conv = nn.ModuleList([nn.Conv1d(i, o, k, s, dilation=d) for i, o, k, s, d in LAYERS])
        self.bn = nn.ModuleList([nn.BatchNorm1d(l[1]) for l in LAYERS])
        self.out = nn.Conv1d(H, npdf, 1)

    def forward(self, x):            # x: B, T, 40 -> B, npdf, T'
        x = ((x - self.mean) / self.std).transpose(1, 2)
        for c, b in zip(self.conv, self.bn):
            x = F.relu(b(c(x)))
        return self.out(x)


def main():
    torch.manual_seed(lang.SEED)
    torch.set_num_threads(int(os.environ.get("TV_THREADS", "2")))
    feats = np.load(OUT + "/feats.npy", mmap_mode="r")
    lab, seg = np.load(OUT + "/lab.npy"), np.load(OUT + "/seg.npy")
    lens = np.load(OUT + "/len.npy")
    base = lang.build()[3]
    npdf = 2 * len(base)
    n_cv = int(lens[-300:].sum())
    n_tr = len(lab) - n_cv
    net = Net(npdf)
    sub = np.asarray(feats[:n_tr:37], dtype=np.float32)
    net.mean.copy_(torch.tensor(sub.mean(0)))
    net.std.copy_(torch.tensor(sub.std(0)))
    span = CHUNK * 3 + 2 * CONTEXT           # input frames per chunk
    rng = np.random.default_rng(lang.SEED)
    prior = np.ones(npdf)

    def batch(starts):
        x = np.stack([feats[s:s + span] for s in starts]).astype(np.float32)
        y = []
        for s in starts:
            t = s + CONTEXT + 3 * np.arange(-1, CHUNK)
            sg, lb = seg[t], lab[t].astype(np.int64)
            y.append(lb[1:] * 2 + (sg[1:] == sg[:-1]))
        return torch.from_numpy(x), torch.from_numpy(np.stack(y))

    steps = int(EPOCHS * n_tr / (CHUNK * 3 * BATCH))
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, total_steps=steps, pct_start=0.1)
    t0, tot, acc, k = time.time(), 0.0, 0.0, 0
    for it in range(steps):
        x, y = batch(rng.integers(6, n_tr - span - 6, BATCH))
        prior += np.bincount(y.numpy().ravel(), minlength=npdf)
        with torch.autocast("cpu", torch.bfloat16):
            o = net(x)
        o = o.float()
        loss = F.cross_entropy(o, y, label_smoothing=0.02)
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        sched.step()
        tot += loss.item()
        acc += (o.argmax(1) == y).float().mean().item()
        k += 1
        if (it + 1) % 200 == 0 or it + 1 == steps:
            print(f"{it+1}/{steps} loss {tot/k:.3f} acc {acc/k:.3f} {time.time()-t0:.0f}s", flush=True)
            tot = acc = k = 0
        if (it + 1) % 2000 == 0 or it + 1 == steps:
            net.eval()
            with torch.no_grad():
                cv = [(net(x).argmax(1) == y).float().mean().item() for x, y in
                      (batch(np.arange(n_tr + 6 + j * span * 8, n_tr + 6 + (j + 1) * span * 8, span)[:8])
                       for j in range(max(1, (n_cv - 12) // (span * 8) - 1)))]
            net.train()
            print(f"   held-out frame accuracy {np.mean(cv):.3f}", flush=True)
            torch.save({"model": net.state_dict(), "prior": prior / prior.sum(), "base": base}, OUT + "/am.pt")


if __name__ == "__main__":
    main()
