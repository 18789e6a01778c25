"""Moto as a server, mended in two places. Arguments as for `moto_server`.

It reads a bucket's policy without its conditions, so that "deny what is not TLS" would deny everything: here policies
are kept and told, but not enforced. And it cannot delete the last version of something that was deleted before.
"""

import sys

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker
from moto.server import main

FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL
FakeDeleteMarker.dispose = lambda _: None

if __name__ == "__main__":
    main(sys.argv[1:])
