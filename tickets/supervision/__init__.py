"""Supervision (督办): what proposes it, its levels and their results, press letters, sealed referrals, discipline."""
