"""How many examples a property is tried on: each test says how many it wants in CI, the profile says how many of those.

HYPOTHESIS_PROFILE names the profile: `quick` while you work, `ci` (the default), `nightly`.
"""

import os

from hypothesis import settings

# per cent of what a test wants
for profile, share in {"quick": 20, "ci": 100, "nightly": 1_000}.items():
    settings.register_profile(profile, max_examples=share, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "ci")


def examples(wanted: int) -> settings:
    """A decorator: try so many examples in CI, fewer or more with another profile, at least one."""
    return settings(max_examples=max(1, wanted * settings.default.max_examples // 100))
