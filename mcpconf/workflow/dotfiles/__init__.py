"""`mcpconf dotfiles`: a repository's profiles, the shell integration and the profile for this place."""
