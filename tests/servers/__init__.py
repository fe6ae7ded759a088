"""Real servers that tests run against; each in an environment of its own where its pins would clash with ours."""
