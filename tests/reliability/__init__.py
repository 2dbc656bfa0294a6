"""Campaigns: real `mcpconf` processes under faults, kills, power cuts, other writers, full disks and bind mounts.

Each is a program that counts: attempts and violations. `shell/test.sh` runs a twentieth of a campaign's turns or a
fortieth of its cases, `shell/test.sh --long` all of them; the counts become the tables of docs/reliability.md.
"""
