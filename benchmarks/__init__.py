"""How fast the project is, measured and kept in `results.json`: against other generators, over sizes, when loading."""
