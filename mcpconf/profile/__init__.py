"""From the text of a profile to its servers: checked, inherited, with references that are still references."""
