"""The kinds of things that can happen, one file each: its data, its acts, the order they may stand in."""
