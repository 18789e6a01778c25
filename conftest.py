"""What every test suite of the project needs, whichever environment it runs in."""

import signal

# a shell's background job ignores Ctrl-C, and so would the programs that tests start and interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)
