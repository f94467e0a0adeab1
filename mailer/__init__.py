"""What leaves the building.

A job goes through this package in one direction: an actor claims a row (`claims`), asks it whether the work is still
wanted, opens what it needs (`unseal`), spells out plain values (`document`, `letters`), has them made into bytes
(`pdf`, `archive`), hands them over (`transport`), and records that they left. Only `worker`, `actors`, `claims`
and `unseal` know the database or the `petitions` package.
"""
