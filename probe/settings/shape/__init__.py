"""What may be written in the configuration, section by section; the descriptions are the reference that people read.

Only what has an effect in this version is here: a key that would be ignored is refused.
"""
