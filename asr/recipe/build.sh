#!/bin/sh
# Rebuild everything: environment, data, training, graphs, model directory, test set, evaluation.
#   sh build.sh [destination]      (needs espeak-ng + libespeak-ng1 1.51, Python 3.11)
# Everything that it makes lies in $TV_WORK (default: the project's var/asr-recipe), nothing in this folder.
set -e
cd "$(dirname "$0")"
export TV_WORK="${TV_WORK:-../../var/asr-recipe}" LC_ALL=C.UTF-8 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
mkdir -p "$TV_WORK"
DST=${1:-$TV_WORK/vosk-model-tiny-zh-12345}
PY=${PY:-$TV_WORK/venv/bin/python}
if [ ! -x "$PY" ]; then
    python3 -m venv "$(dirname "$(dirname "$PY")")"
    "$PY" -m pip install -q -r requirements.txt
fi
nice "$PY" data.py                  # espeak-ng -> features + frame labels
nice "$PY" train.py                 # TDNN
nice "$PY" build_graph.py "$DST"    # $DST (look-ahead graph, run-time grammars) and $DST-static (one HCLG.fst)
nice "$PY" make_testset.py "${TESTSET:-$TV_WORK/testset}"
nice "$PY" evaluate.py "$DST"
