"""How customers behave: pure functions over arrays, one module a concept."""
