"""What a usable Asterisk is: how to call it, where its modules and data lie."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from hotline.errors import ConfigurationError

OLDEST_MAJOR = 18

REQUIRED_MODULES = (
    "app_amd",
    "app_audiosocket",
    "app_bridgeaddchan",
    "app_chanspy",
    "app_echo",
    "app_dial",
    "app_exec",
    "app_mixmonitor",
    "app_playback",
    "app_queue",
    "app_read",
    "app_senddtmf",
    "app_softhangup",
    "app_stack",
    "app_userevent",
    "app_verbose",
    "bridge_builtin_features",
    "bridge_builtin_interval_features",
    "bridge_native_rtp",
    "bridge_simple",
    "bridge_softmix",
    "chan_audiosocket",
    "chan_pjsip",
    "codec_a_mu",
    "codec_alaw",
    "codec_resample",
    "codec_ulaw",
    "format_pcm",
    "format_sln",
    "format_wav",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_devstate",
    "func_global",
    "func_hangupcause",
    "func_logic",
    "func_math",
    "func_strings",
    "func_timeout",
    "pbx_config",
    "res_agi",
    "res_audiosocket",
    "res_crypto",
    "res_http_websocket",
    "res_manager_devicestate",
    "res_musiconhold",
    "res_mutestream",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_acl",
    "res_pjsip_authenticator_digest",
    "res_pjsip_caller_id",
    "res_pjsip_dtmf_info",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_header_funcs",
    "res_pjsip_nat",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_pubsub",
    "res_pjsip_registrar",
    "res_pjsip_rfc3326",
    "res_pjsip_sdp_rtp",
    "res_pjsip_session",
    "res_pjsip_transport_websocket",
    "res_rtp_asterisk",
    "res_sorcery_astdb",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_srtp",
    "res_speech",
    "res_timing_timerfd",
)
"""The hotline does not work without them."""

OPTIONAL_MODULES = (
    "codec_g722",
    "codec_gsm",
    "codec_opus_open_source",
    "format_gsm",
    "res_format_attr_opus",
    "app_bridgewait",
    "bridge_holding",
)
"""Loaded where they exist."""

_VERSION = re.compile(r"\b(?:Asterisk\s+)?(?:certified[/-])?(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskInstallation:
    """An Asterisk that can be started on this machine."""

    command: tuple[str, ...]
    """What to run, before Asterisk's own options (its own loader first, where it was fetched)."""
    modules: Path
    data: Path
    """Its data folder (documentation, music on hold)."""
    version: tuple[int, int, int]
    fetched: bool
    """Whether it is ours (unpacked into the storage folder) or the machine's own."""
    environment: tuple[tuple[str, str], ...] = field(default=())
    """Added to the environment when it is started."""

    @property
    def music(self) -> Path | None:
        """Folder of its music on hold, None when it brings none."""
        folder = self.data / "moh"
        return folder if any(folder.glob("*.*")) else None

    def loadable_modules(self) -> tuple[str, ...]:
        """Names of all modules that the hotline loads, in a fixed order."""
        optional = (name for name in OPTIONAL_MODULES if (self.modules / f"{name}.so").exists())
        return tuple(sorted((*REQUIRED_MODULES, *optional)))

    def missing_modules(self) -> tuple[str, ...]:
        """Required modules that this installation lacks."""
        return tuple(name for name in REQUIRED_MODULES if not (self.modules / f"{name}.so").exists())


def parse_version(text: str) -> tuple[int, int, int]:
    """``Asterisk 22.10.1+dfsg`` → (22, 10, 1). Raises ConfigurationError when there is no version in it."""
    found = _VERSION.search(text)
    if found is None:
        raise ConfigurationError(f"无法识别 Asterisk 版本: {text[:80]!r}", f"no Asterisk version in {text[:80]!r}")
    major, minor, patch = found.groups(default="0")
    return int(major), int(minor), int(patch)
