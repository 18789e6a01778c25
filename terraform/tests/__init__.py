"""Tests of the stack: `make test-infra` runs them; plain `make test` does not."""
