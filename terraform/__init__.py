"""The stack that runs the pipeline and publishes the book on AWS, or the part of it that LocalStack holds."""

import warehouse  # noqa: F401  from here on Ctrl-C is one line
