"""Malicious callers: marked by agents with evidence, listed by supervisors for a time, never blocked silently."""
