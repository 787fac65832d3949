"""pyVoIP as it comes, imported here and nowhere else."""

import warnings

with warnings.catch_warnings():  # it imports audioop, whose leaving 3.11 and 3.12 announce; no use of it is left here
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyVoIP.VoIP import CallState, VoIPCall, VoIPPhone  # isort: skip  (must come first: the package imports itself)
    from pyVoIP import RTP, SIP

__all__ = ["RTP", "SIP", "CallState", "VoIPCall", "VoIPPhone"]
