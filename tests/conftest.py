"""For all tests: an example of hypothesis may take long on a busy machine; the whole test has its own time-out."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
