"""The composition root: the only room that knows everything, and that nothing but the command line knows."""
