"""Finding or fetching an Asterisk, writing its configuration, and running it.

installation = ensure_asterisk(settings.storage.folder, progress, binary=settings.asterisk.binary)
files = render(settings, secrets, installation, settings.storage.folder, prompts=...)
process = AsteriskProcess(installation, files, settings.asterisk, secrets.ami_password)
await process.start()
"""

from telephony.asterisk.fetch import ensure_asterisk
from telephony.asterisk.installation import AsteriskInstallation
from telephony.asterisk.locate import locate_asterisk
from telephony.asterisk.ports import require_free_port
from telephony.asterisk.process import AsteriskProcess, require_trust
from telephony.asterisk.progress import ShowProgress, progress_bars, show_nothing
from telephony.asterisk.render import AsteriskFiles, render

__all__ = [
    "AsteriskFiles",
    "AsteriskInstallation",
    "AsteriskProcess",
    "ShowProgress",
    "ensure_asterisk",
    "locate_asterisk",
    "progress_bars",
    "render",
    "require_free_port",
    "require_trust",
    "show_nothing",
]
