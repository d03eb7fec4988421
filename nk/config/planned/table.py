"""The plug-ins that are known but not built, by name or pattern.

Whoever builds one deletes its line here; a contract test says that no name is in both places.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from nk.config.planned import features, networks

if TYPE_CHECKING:
    from nk.registry import Options

# Family -> name or pattern -> options, and what it is.
PLANNED: dict[str, dict[str, tuple[type[Options], str]]] = {
    "models": {
        "mlp": (networks.MlpOptions, "Network of fully connected layers, for classes"),
        "mlp_reg": (networks.MlpRegOptions, "Network of fully connected layers, for numbers"),
        "cnn": (networks.CnnOptions, "Convolutional network over spectrograms"),
        "adm": (networks.AdmOptions, "Network of several streams that tells synthetic speech from real"),
        "aasist": (
            networks.WaveOptions,
            "Graph attention network over raw audio that tells synthetic speech from real",
        ),
        "lstm": (networks.SequenceOptions, "Recurrent network over frames, for classes"),
        "lstm_reg": (networks.SequenceOptions, "Recurrent network over frames, for numbers"),
        "finetune": (
            networks.FinetuneModelOptions,
            "Transformer that is trained on from a pretrained one, on audio without features",
        ),
    },
    "features": {
        "voicesauce": (features.NoOptions, "Voice quality: harmonics and spectral tilt"),
        "wav2vec2": (features.Wav2Vec2Options, "Embeddings of a wav2vec 2.0 model"),
        "wav2vec2-*": (features.Wav2Vec2Options, "Embeddings of the wav2vec 2.0 model of this name"),
        "hubert-*": (features.HubertOptions, "Embeddings of the HuBERT model of this name"),
        "wavlm-*": (features.WavLmOptions, "Embeddings of the WavLM model of this name"),
        "whisper": (features.NoOptions, "Embeddings of the encoder of Whisper"),
        "whisper-*": (features.NoOptions, "Embeddings of the encoder of the Whisper model of this name"),
        "ast": (features.AstOptions, "Embeddings of the audio spectrogram transformer"),
        "emotion2vec": (features.Emotion2VecOptions, "Embeddings of emotion2vec"),
        "emotion2vec-*": (features.Emotion2VecOptions, "Embeddings of the emotion2vec model of this name"),
        "emotion2vec_emotion": (features.Emotion2VecOptions, "Emotion scores of emotion2vec"),
        "emotion2vec_emotion-*": (features.Emotion2VecOptions, "Emotion scores of the emotion2vec model of this name"),
        "spkrec": (features.SpeakerOptions, "Speaker embeddings"),
        "spkrec-*": (features.SpeakerOptions, "Speaker embeddings of the model of this name"),
        "trill": (features.TrillOptions, "Embeddings of TRILL"),
        "clap": (features.NoOptions, "Embeddings of CLAP, which joins audio and text"),
        "audwav2vec2": (features.AudOptions, "Embeddings of a wav2vec 2.0 model trained on emotional dimensions"),
        "auddim": (features.AudOptions, "Arousal, dominance and valence, as a wav2vec 2.0 model hears them"),
        "agender": (features.AgenderOptions, "Embeddings of a wav2vec 2.0 model trained on age and gender"),
        "agender_agender": (features.AgenderOptions, "Age and gender, as a wav2vec 2.0 model hears them"),
        "audmodel": (features.AudmodelOptions, "Outputs of a model of audEERING's registry"),
        "mos": (features.NoOptions, "Estimated opinion score of the quality"),
        "squim": (features.NoOptions, "Estimates of PESQ, SI-SDR and STOI"),
        "pesq": (features.NoOptions, "Estimated perceptual quality"),
        "sdr": (features.NoOptions, "Estimated signal-to-distortion ratio"),
        "stoi": (features.NoOptions, "Estimated intelligibility"),
        "sptk": (features.SptkOptions, "Spectra and cepstra in the manner of SPTK"),
        "mld": (features.MldOptions, "Sound of syllables, by mid-level descriptors"),
        "bert": (features.BertOptions, "Embeddings of the words that are spoken, by BERT"),
        "bert-*": (features.BertOptions, "Embeddings of the words that are spoken, by the BERT model of this name"),
    },
}


def planned(family: str, name: str) -> type[Options] | None:
    """The options of a plug-in that is known but not built."""
    found = _find(family, name)
    return found[0] if found else None


def meaning(family: str, name: str) -> str:
    """What a plug-in that is known but not built is."""
    found = _find(family, name)
    return found[1] if found else ""


def _find(family: str, name: str) -> tuple[type[Options], str] | None:
    table = PLANNED.get(family, {})
    return table.get(name) or next((table[known] for known in table if fnmatchcase(name, known)), None)
