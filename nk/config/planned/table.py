"""The plug-ins that are known but not built, by name or pattern.

Whoever builds one deletes its line here; a contract test says that no name is in both places.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nk.config.planned import classic, features, networks

if TYPE_CHECKING:
    from nk.registry import Options

PLANNED: dict[str, dict[str, type[Options]]] = {
    "models": {
        "mlp": networks.MlpOptions,
        "mlp_reg": networks.MlpRegOptions,
        "cnn": networks.CnnOptions,
        "adm": networks.AdmOptions,
        "aasist": networks.WaveOptions,
        "lstm": networks.SequenceOptions,
        "lstm_reg": networks.SequenceOptions,
        "finetune": networks.FinetuneModelOptions,
        "bayes": classic.BayesOptions,
        "gmm": classic.GmmOptions,
        "lgbm": classic.LgbmOptions,
    },
    "features": {
        "praat": features.NoOptions,
        "voicesauce": features.NoOptions,
        "spectra": features.SpectraOptions,
        "wav2vec2": features.Wav2Vec2Options,
        "wav2vec2-*": features.Wav2Vec2Options,
        "hubert-*": features.HubertOptions,
        "wavlm-*": features.WavLmOptions,
        "whisper": features.NoOptions,
        "whisper-*": features.NoOptions,
        "ast": features.AstOptions,
        "emotion2vec": features.Emotion2VecOptions,
        "emotion2vec-*": features.Emotion2VecOptions,
        "emotion2vec_emotion": features.Emotion2VecOptions,
        "emotion2vec_emotion-*": features.Emotion2VecOptions,
        "spkrec": features.SpeakerOptions,
        "spkrec-*": features.SpeakerOptions,
        "trill": features.TrillOptions,
        "clap": features.NoOptions,
        "audwav2vec2": features.AudOptions,
        "auddim": features.AudOptions,
        "agender": features.AgenderOptions,
        "agender_agender": features.AgenderOptions,
        "audmodel": features.AudmodelOptions,
        "snr": features.NoOptions,
        "mos": features.NoOptions,
        "squim": features.NoOptions,
        "pesq": features.NoOptions,
        "sdr": features.NoOptions,
        "stoi": features.NoOptions,
        "sptk": features.SptkOptions,
        "lfcc": features.LfccOptions,
        "cqcc": features.CqccOptions,
        "xbow": features.XbowOptions,
        "mld": features.MldOptions,
        "bert": features.BertOptions,
        "bert-*": features.BertOptions,
        "import": features.ImportOptions,
    },
    "readers": {"audformat": classic.AudformatOptions},
}


def planned(family: str, name: str) -> type[Options] | None:
    """The options of a plug-in that is known but not built."""
    table = PLANNED[family]
    return table.get(name) or next((table[known] for known in table if fnmatchcase(name, known)), None)
